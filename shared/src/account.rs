//! Who may do what: names, passwords and roles, and the claims and public keys of access tokens.
//!
//! Only the rules are here. The origin hashes passwords, signs and keeps accounts; the edge verifies the same
//! tokens by the same rules, knowing public keys only.

mod address;
mod bearer;
mod claims;
mod jwks;
mod names;
mod password;
mod role;
mod token;

pub use address::client_network;
pub use bearer::{InvalidBearer, bearer};
pub use claims::{AUDIENCE, Claims, ISSUER, MAX_TOKEN_MINUTES, RefusedClaims, UserId};
pub use jwks::{Jwk, JwkSet, key_id};
pub use names::{Email, InvalidName, Username};
pub use password::{InvalidPassword, Password};
pub use role::Role;
pub use token::{RefusedToken, read_token};
