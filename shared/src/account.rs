//! Who may do what: names, passwords and roles, and the claims and public keys of access tokens.
//!
//! Only the rules are here. The origin hashes passwords, signs and keeps accounts; the edge will verify the same
//! tokens by the same claim rules, knowing public keys only.

mod address;
mod claims;
mod jwks;
mod names;
mod password;
mod role;

pub use address::client_network;
pub use claims::{AUDIENCE, Claims, ISSUER, MAX_TOKEN_MINUTES, RefusedClaims, UserId};
pub use jwks::{Jwk, JwkSet, key_id};
pub use names::{Email, InvalidName, Username};
pub use password::{InvalidPassword, Password};
pub use role::Role;
