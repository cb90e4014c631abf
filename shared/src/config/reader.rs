//! Reading that never stops at the first fault.

use super::{Setting, Variable};
use std::{collections::HashMap, fmt};

/// Where settings come from. An empty value counts as absent, as in an `.env` file with `NAME=`.
pub trait Source {
    /// The value of a variable.
    fn get(&self, name: &str) -> Option<String>;
}

impl<S: std::hash::BuildHasher> Source for HashMap<String, String, S> {
    fn get(&self, name: &str) -> Option<String> {
        HashMap::get(self, name).cloned()
    }
}

/// One thing wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong, with the limit. Holds no secret.
    pub message: String,
}

/// Everything wrong with the settings; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Each fault, in the order of the variables.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {}", fault.variable, fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Reads variables and gathers faults.
pub struct Reader<'a> {
    source: &'a dyn Source,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// A reader without faults yet.
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, faults: Vec::new() }
    }

    /// One variable: its value, else its default. `None` where there is neither or it is faulty, which
    /// [`Self::finish`] then reports.
    pub fn read<T: Setting>(&mut self, variable: &Variable) -> Option<T> {
        let Some(text) = self.text(variable.name, variable.default) else {
            let absent = T::absent();
            if absent.is_none() {
                self.missing(variable, &T::form());
            }
            return absent;
        };
        T::parse(text.trim()).map_err(|reason| self.refuse(variable, &text, reason)).ok()
    }

    /// The same once more for a rule between variables, without a word about faults.
    pub fn peek<T: Setting>(&self, name: &str, default: Option<&'static str>) -> Option<T> {
        self.text(name, default).map_or_else(T::absent, |text| T::parse(text.trim()).ok())
    }

    // What does not depend on the type stands apart: there are thirty of them.

    /// What the source says, without the default.
    pub fn given(&self, name: &str) -> Option<String> {
        self.source.get(name).filter(|value| !value.trim().is_empty())
    }

    /// Whether something is wrong with a variable already.
    pub fn is_faulty(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.variable == name)
    }

    fn text(&self, name: &str, default: Option<&'static str>) -> Option<String> {
        self.given(name).or_else(|| default.map(str::to_owned))
    }

    #[inline(never)]
    fn missing(&mut self, variable: &Variable, form: &str) {
        self.fault(variable.name, format!("is not set; it must be {form}"));
    }

    #[inline(never)]
    fn refuse(&mut self, variable: &Variable, text: &str, reason: String) {
        let reason = if variable.secret { reason } else { format!("{text:?} is not allowed: {reason}") };
        self.fault(variable.name, reason);
    }

    /// Reports a fault that lies between variables.
    pub fn fault(&mut self, variable: &'static str, message: impl Into<String>) {
        self.faults.push(Fault { variable, message: message.into() });
    }

    /// The settings, if nothing was wrong.
    ///
    /// # Errors
    /// Every fault that was found.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, Faults> {
        match settings {
            Some(settings) if self.faults.is_empty() => Ok(settings),
            _ => Err(Faults(self.faults)),
        }
    }
}
