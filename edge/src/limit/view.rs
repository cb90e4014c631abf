//! How far the limit has come with one request.

use valora_shared::{
    rate::{Booking, Decision, Usage, Who},
    time::UnixMillis,
};

/// What a request has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LimitView {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// No limit holds for it, or none that binds.
    Exempt,
    /// It is paid.
    Paid(Vec<Payment>),
    /// It was refused.
    Refused(Decision),
}

/// What came of asking for tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All who had to have paid.
    Paid(Vec<Payment>),
    /// Somebody may not.
    Refused(Decision),
    /// The limiter cannot be asked, and that means yes.
    Open,
    /// The limiter cannot be asked, and that means no.
    Closed,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Who has paid.
    pub who: Who,
    /// What it was paid from.
    pub from: Source,
    /// How much.
    pub cost: u32,
    /// When.
    pub at: UnixMillis,
    /// How the payer's windows stand behind it.
    pub usage: Option<[Usage; 3]>,
}

/// What a request is paid from, and goes back to where it is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The lease of this number; 0 is one that takes nothing back.
    Lease(u32),
    /// The window of this isolate alone.
    Alone(Booking),
}

impl LimitView {
    /// Whether there is nothing left to decide.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Exempt | Self::Paid(_))
    }

    /// What was paid.
    pub fn paid(&self) -> &[Payment] {
        if let Self::Paid(paid) = self { paid } else { &[] }
    }

    /// How the client's windows stand.
    pub fn usage(&self) -> Option<[Usage; 3]> {
        match self {
            Self::Paid(paid) => paid.first()?.usage,
            Self::Refused(decision) => Some(decision.usage),
            Self::Unknown | Self::Exempt => None,
        }
    }
}
