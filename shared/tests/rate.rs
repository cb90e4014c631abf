//! The rate limit's rule from outside: against an exact log of what went through when, against isolates with clocks of
//! their own, and by the vectors that Redis and the Durable Object are held to as well.

#[cfg(test)]
#[path = "rate/city.rs"]
mod city;
#[cfg(test)]
#[path = "rate/isolates.rs"]
mod isolates;
#[cfg(test)]
#[path = "rate/leases.rs"]
mod leases;
#[cfg(test)]
#[path = "rate/log.rs"]
mod log;
#[cfg(test)]
#[path = "rate/model.rs"]
mod model;
#[cfg(test)]
#[path = "rate/scenarios.rs"]
mod scenarios;
#[cfg(test)]
#[path = "rate/vectors.rs"]
mod vectors;
#[cfg(test)]
#[path = "rate/windows.rs"]
mod windows;
