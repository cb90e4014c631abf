//! Where a credential stands in a request.

/// Why the text of an Authorization holds no credential. For logs: a client is told one thing for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBearer {
    /// Not a scheme and one credential.
    #[error("the Authorization is not one Bearer credential")]
    Form,
    /// Basic, Digest, ….
    #[error("the Authorization is of another scheme")]
    Scheme,
}

/// The credential of the value of one Authorization field: `Bearer <credential>` (RFC 6750 §2.1), the scheme in any
/// case. Two fields must not reach this as one value.
///
/// # Errors
/// [`InvalidBearer`].
pub fn bearer(value: &str) -> Result<&str, InvalidBearer> {
    let (scheme, credential) =
        value.split_once(' ').filter(|_| value.is_ascii()).ok_or(InvalidBearer::Form)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(credential.trim()) } else { Err(InvalidBearer::Scheme) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_credential_is_read_and_nothing_else() {
        for good in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(bearer(good), Ok("abc"), "{good}");
        }
        for bad in ["", "Bearer", "abc", "Bearer ä"] {
            assert_eq!(bearer(bad), Err(InvalidBearer::Form), "{bad}");
        }
        assert_eq!(bearer("Basic abc"), Err(InvalidBearer::Scheme));
    }
}
