//! Tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037). This one algorithm alone is made and taken, whatever a token's header says.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize};

use super::Caller;
use crate::{
    clock,
    error::{Error, ErrorCode},
    ids,
    vocabulary::Role,
};

const ISSUER: &str = "evcharging";
/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// What a token is for. One that is for something else does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Keeps a person logged in: gets access tokens.
    Session,
    /// Says to services who calls.
    Access,
}

impl Purpose {
    /// How long such a token counts.
    pub fn lifetime(self) -> Duration {
        match self {
            Self::Session => Duration::from_secs(12 * 3_600),
            // A user who is removed or gets another role is known as such everywhere once this is over.
            Self::Access => Duration::from_secs(300),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

/// What a token says, by RFC 7519's names.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    sub: String,
    aud: Purpose,
    role: Role,
    /// Which state of the user it was signed for.
    version: i64,
    /// In seconds since 1970, as is `exp`.
    iat: i64,
    exp: i64,
}

/// What a token that counts says.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who.
    pub user_id: String,
    /// What it might do when the token was signed.
    pub role: Role,
    /// Which state of the user it was signed for: another password makes another.
    pub version: i64,
}

impl From<Verified> for Caller {
    fn from(verified: Verified) -> Self {
        Self::Person { user_id: verified.user_id, role: verified.role }
    }
}

/// Signs tokens. The private key is made in this process and never leaves it.
pub struct TokenSigner {
    /// Of the key.
    pub key_id: String,
    key_pair: Ed25519KeyPair,
}

impl TokenSigner {
    /// With a new key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, Error> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(Error::internal)?;
        let key_pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(Error::internal)?;
        Ok(Self { key_id: ids::new_id(), key_pair })
    }

    /// What others check its tokens with.
    pub fn public_key(&self) -> &[u8] {
        self.key_pair.public_key().as_ref()
    }

    /// A token, and until when it counts (milliseconds since 1970).
    ///
    /// # Errors
    /// Never, in practice: it is made of plain texts.
    pub fn sign(
        &self,
        user_id: &str,
        role: Role,
        version: i64,
        purpose: Purpose,
    ) -> Result<(String, i64), Error> {
        let iat = clock::now_ms() / 1_000;
        let exp = iat.saturating_add_unsigned(purpose.lifetime().as_secs());
        let header = Header { alg: "EdDSA".to_owned(), kid: self.key_id.clone() };
        let claims =
            Claims { iss: ISSUER.to_owned(), sub: user_id.to_owned(), aud: purpose, role, version, iat, exp };
        let signed = format!("{}.{}", encode(&header)?, encode(&claims)?);
        let signature = URL_SAFE_NO_PAD.encode(self.key_pair.sign(signed.as_bytes()));
        Ok((format!("{signed}.{signature}"), exp.saturating_mul(1_000)))
    }
}

/// The id of the key that a token claims to be signed with.
pub(super) fn key_id(token: &str) -> Result<String, Error> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(not_ours());
    }
    let header: Header = decode(token.split('.').next().unwrap_or_default())?;
    if header.alg == "EdDSA" { Ok(header.kid) } else { Err(not_ours()) }
}

/// What a token says, if that key has signed it and it counts at this instant.
pub(super) fn verify(
    token: &str,
    public_key: &[u8],
    purpose: Purpose,
    now_ms: i64,
) -> Result<Verified, Error> {
    let (signed, signature) = token.rsplit_once('.').ok_or_else(not_ours)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| not_ours())?;
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    key.verify(signed.as_bytes(), &signature).map_err(|_| not_ours())?;
    let (_, claims) = signed.split_once('.').ok_or_else(not_ours)?;
    let claims: Claims = decode(claims)?;
    if claims.iss != ISSUER || claims.aud != purpose {
        return Err(not_ours());
    }
    if claims.exp.saturating_mul(1_000) <= now_ms {
        return Err(Error::new(ErrorCode::Unauthenticated, "TOKEN_EXPIRED", "log in again: the time is up"));
    }
    Ok(Verified { user_id: claims.sub, role: claims.role, version: claims.version })
}

pub(super) fn not_ours() -> Error {
    Error::new(
        ErrorCode::Unauthenticated,
        "TOKEN_INVALID",
        "log in again: the token is none of this network's",
    )
}

fn encode<T: Serialize>(part: &T) -> Result<String, Error> {
    serde_json::to_vec(part).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(Error::internal)
}

fn decode<T: for<'a> Deserialize<'a>>(part: &str) -> Result<T, Error> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| not_ours())?;
    serde_json::from_slice(&json).map_err(|_| not_ours())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn reason(outcome: Result<Verified, Error>) -> String {
        outcome.unwrap_err().reason.into_owned()
    }

    #[test]
    fn a_token_counts_for_its_purpose_its_key_and_its_time() {
        let signer = TokenSigner::generate().unwrap();
        let (token, expires_at_ms) = signer.sign("ana", Role::Operator, 7, Purpose::Access).unwrap();
        assert_eq!(key_id(&token).unwrap(), signer.key_id);
        let check = |purpose, now_ms| verify(&token, signer.public_key(), purpose, now_ms);
        let verified = check(Purpose::Access, expires_at_ms - 1).unwrap();
        assert_eq!((verified.user_id.as_str(), verified.role, verified.version), ("ana", Role::Operator, 7));
        assert_eq!(reason(check(Purpose::Access, expires_at_ms)), "TOKEN_EXPIRED");
        assert_eq!(reason(check(Purpose::Session, 0)), "TOKEN_INVALID");
        let other = TokenSigner::generate().unwrap();
        assert_eq!(reason(verify(&token, other.public_key(), Purpose::Access, 0)), "TOKEN_INVALID");
    }

    #[test]
    fn what_was_changed_forged_or_made_up_does_not_count() {
        let signer = TokenSigner::generate().unwrap();
        let (token, _) = signer.sign("ana", Role::Driver, 7, Purpose::Access).unwrap();
        let [header, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let raised = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let raised = URL_SAFE_NO_PAD.encode(raised.replace("DRIVER", "ADMIN"));
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"x"}"#);
        for forged in [
            format!("{header}.{raised}.{signature}"),
            format!("{header}.{claims}."),
            format!("{header}.{claims}"),
            String::new(),
            "...".to_owned(),
        ] {
            assert!(verify(&forged, signer.public_key(), Purpose::Access, 0).is_err(), "{forged}");
        }
        for strange in [format!("{unsigned}.{claims}."), "x".repeat(5_000), "é.é.é".to_owned()] {
            assert!(key_id(&strange).is_err(), "{strange}");
        }
    }
}
