//! Public keys of access tokens: a JWK Set (RFC 7517) of Ed25519 keys (RFC 8037) and nothing else.

use crate::json::Json;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL_NOPAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// `EdDSA`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub use_: String,
    /// [`key_id`] of `x`.
    pub kid: String,
    /// The key's 32 bytes in base64url.
    pub x: String,
}

/// The keys that are accepted: the one that signs, then those before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// In order of age, newest first.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads a set all of whose keys are Ed25519 keys under their own ids.
    pub fn read(text: &str) -> Option<Self> {
        let json = Json::parse(text).ok()?;
        let keys = json.list_of("keys").ok()?.iter().map(Jwk::read).collect::<Option<Vec<_>>>()?;
        Some(Self { keys })
    }
}

impl Jwk {
    fn read(json: &Json) -> Option<Self> {
        let text = |name| Some(json.text_of(name).ok()?.to_owned());
        let (kty, crv, alg, use_) = (text("kty")?, text("crv")?, text("alg")?, text("use")?);
        let key = Self { kty, crv, alg, use_, kid: text("kid")?, x: text("x")? };
        key.public_key().is_some().then_some(key)
    }

    /// Of a public key.
    pub fn ed25519(public: &[u8; 32]) -> Self {
        let own = |text: &str| text.to_owned();
        Self {
            kty: own("OKP"),
            crv: own("Ed25519"),
            alg: own("EdDSA"),
            use_: own("sig"),
            kid: key_id(public),
            x: BASE64URL_NOPAD.encode(public),
        }
    }

    /// The key's bytes; `None` for a key of another kind or one whose id is not its own.
    pub fn public_key(&self) -> Option<[u8; 32]> {
        let is_ours = (&*self.kty, &*self.crv, &*self.alg, &*self.use_) == ("OKP", "Ed25519", "EdDSA", "sig");
        let bytes = BASE64URL_NOPAD.decode(self.x.as_bytes()).ok()?;
        let public: [u8; 32] = bytes.try_into().ok()?;
        (is_ours && key_id(&public) == self.kid).then_some(public)
    }
}

/// A key's name: its JWK thumbprint (RFC 7638), so that nobody has to give it one.
pub fn key_id(public: &[u8; 32]) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, BASE64URL_NOPAD.encode(public));
    BASE64URL_NOPAD.encode(Sha256::digest(canonical.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.2.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn rfc_key() -> [u8; 32] {
        BASE64URL_NOPAD.decode(X.as_bytes()).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_key_has_the_thumbprint_of_rfc_8037_appendix_a_3() {
        assert_eq!(key_id(&rfc_key()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_set_is_written_as_rfc_7517_wants_and_read_back() {
        let set = JwkSet { keys: vec![Jwk::ed25519(&rfc_key())] };
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(
            text,
            format!(
                r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"{}","x":"{X}"}}]}}"#,
                key_id(&rfc_key())
            )
        );
        assert_eq!(JwkSet::read(&text), Some(set.clone()));
        assert_eq!(JwkSet::read(&text), Some(set));
        for bad in
            [text.replace("\"use\"", "\"used\""), text.replace("OKP", "EC"), text.replace("[{", "[{},{")]
        {
            assert_eq!(JwkSet::read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_of_another_kind_or_under_anothers_name_is_none() {
        let key = Jwk::ed25519(&rfc_key());
        for changed in [
            Jwk { alg: "HS256".to_owned(), ..key.clone() },
            Jwk { crv: "X25519".to_owned(), ..key.clone() },
            Jwk { kid: "1".to_owned(), ..key.clone() },
            Jwk { x: "AAAA".to_owned(), ..key },
        ] {
            assert_eq!(changed.public_key(), None);
        }
    }
}
