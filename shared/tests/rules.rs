//! The cache's rules from outside: properties that hold for all answers and requests, another library's opinion where it
//! is right, and the HTTP working group's vectors for structured fields.

#[cfg(test)]
#[path = "rules/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "rules/conditions.rs"]
mod conditions;
#[cfg(test)]
#[path = "rules/keeping.rs"]
mod keeping;
#[cfg(test)]
#[path = "rules/oracle.rs"]
mod oracle;
#[cfg(test)]
#[path = "rules/reuse.rs"]
mod reuse;
#[cfg(test)]
#[path = "rules/structured_fields.rs"]
mod structured_fields;
#[cfg(test)]
#[path = "rules/variants.rs"]
mod variants;
