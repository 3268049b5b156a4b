//! Reading a JSON Web Token in its compact form (RFC 7515, section 3.1; RFC 7519): what it claims of time. Nobody's key is
//! needed for that, and the signature is not looked at.
//!
//! A token is a credential: no error repeats anything of it.

use std::collections::HashMap;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::whole_second;
use crate::clock::{Nanos, decimal};

/// RFC 7515 wants none of the padding; some write it all the same.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Where answers of token endpoints carry a token (RFC 6749, section 5.1; `OpenID` Connect Core, section 3.1.3.3), and files of
/// tools beside them; the first that looks like a JSON Web Token counts, for an access token may be any text.
const MEMBERS: [&str; 4] = ["access_token", "id_token", "token", "jwt"];

/// What a token says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// How it is signed (`alg` of its header).
    pub algorithm: Option<String>,
    /// Who issued it (`iss`).
    pub issuer: Option<String>,
    /// When it was issued (`iat`).
    pub issued_at: Option<NumericDate>,
    /// Before when it must be refused (`nbf`).
    pub not_before: Option<NumericDate>,
    /// From when on it must be refused (`exp`).
    pub expiry: Option<NumericDate>,
    /// The claims that are further from 1970 than an instant reaches here, each with its number as the token has it.
    pub far: Vec<(&'static str, String)>,
}

/// An instant as tokens have it: seconds since 1970, with or without a fraction (RFC 7519, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumericDate {
    /// The least instant that a library may take it for, since 1970: without its fraction.
    pub least: Nanos,
    /// What it says, since 1970. Beyond the year 2262 it is that year.
    pub exact: Nanos,
    /// The greatest instant that a library may take it for: rounded up.
    pub greatest: Nanos,
}

/// Why a text is no token whose times can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is nothing.
    #[error("there is no token: nothing but white space")]
    Empty,
    /// An object of JSON that carries no token.
    #[error("this is JSON without a token: none of `access_token`, `id_token`, `token`, `jwt` holds a text")]
    NoMember,
    /// More than one.
    #[error("there are several tokens here, one after the other: give one")]
    Several,
    /// Not three parts.
    #[error("this is no JSON Web Token: those have three parts with dots between, this has {0}")]
    Parts(usize),
    /// Five parts: JSON Web Encryption.
    #[error("this token is encrypted (five parts, RFC 7516): nobody without its key can read its claims")]
    Encrypted,
    /// A part is not base64url.
    #[error("this is no JSON Web Token: its {0} is not base64url")]
    NotBase64(&'static str),
    /// A part is no JSON object.
    #[error("this is no JSON Web Token: its {0} is no JSON object")]
    NotAnObject(&'static str),
    /// A time is no number.
    #[error("`{0}` of this token is no number of seconds: most libraries refuse it whatever their clocks say")]
    NotANumber(&'static str),
    /// A time is a text with a number in it (RFC 7519, section 2, wants a number). `PyJWT` 2 and python-jose 3 make an integer of it.
    #[error(
        "`{0}` of this token is a text, \"…\", where a number is expected: most libraries refuse it whatever their clocks say, \
         PyJWT and python-jose read it; have the issuer write the number without quotes"
    )]
    NumberInText(&'static str),
}

/// What is encoded begins with `{"`.
const BEGINNING: &str = "eyJ";

/// No instant that is told apart here is further from 1970, in seconds.
const BEYOND_ALL_S: f64 = 1e10;
/// Nor nearer to it.
const NEXT_TO_NONE_S: f64 = 1e-10;

/// Reads a token: bare, behind `Bearer`, as an `Authorization` header, or as an answer of a token endpoint holds it; each of them
/// between quotation marks, too, as shells and `jq` have it, and behind the mark that some editors begin a file with.
pub fn read(text: &str) -> Result<Claims, TokenError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let quoted = ['"', '\''].iter().find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark));
    let text = quoted.map_or(text, str::trim);
    if text.starts_with('{') {
        return read_parts(&member(text)?);
    }
    let bare = strip_word(strip_word(text, "authorization:"), "bearer");
    if bare.is_empty() {
        return Err(TokenError::Empty);
    }
    let is_whole = |word: &&str| word.matches('.').count() >= 2;
    if bare.split_whitespace().filter(is_whole).count() > 1 { Err(TokenError::Several) } else { read_parts(bare) }
}

/// Whether a text that was typed is meant to be read itself, in any of the forms that [`read`] takes.
pub fn is_typed(text: &str) -> bool {
    looks_like_one(text) || looks_like_one(text.trim().trim_matches(['"', '\''])) || text.trim_start().starts_with('{')
}

/// The text without what looks like tokens in it: whoever reads an error must not be logged in by it.
pub fn masked(text: &str) -> String {
    /// So many characters of a part at least: the name of a file is not taken for a token.
    const SHORTEST: usize = 8;
    let is_encoded = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '=');
    let is_word = |character: char| is_encoded(character) || character == '.';
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, token)) = rest.find(BEGINNING).and_then(|at| rest.split_at_checked(at)) {
        let (word, after) = token.split_at(token.find(|character| !is_word(character)).unwrap_or(token.len()));
        let parts: Vec<&str> = word.split('.').collect();
        let is_token = parts.len() > 1 && parts.iter().take(2).all(|part| part.len() >= SHORTEST);
        shown.push_str(before);
        shown.push_str(if is_token { "eyJ********" } else { word });
        rest = after;
    }
    shown + rest
}

/// Whether a text looks like a token rather than like the name of a file.
pub fn looks_like_one(text: &str) -> bool {
    let bare = strip_word(strip_word(text.trim(), "authorization:"), "bearer");
    bare.starts_with(BEGINNING) && bare.split('.').count() >= 3
}

/// The text without this word in front, whatever its letters' case.
fn strip_word<'text>(text: &'text str, word: &str) -> &'text str {
    match text.split_at_checked(word.len()) {
        Some((front, rest)) if front.eq_ignore_ascii_case(word) => rest.trim_start(),
        _ => text,
    }
}

fn member(text: &str) -> Result<String, TokenError> {
    let members: HashMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(|_| TokenError::NoMember)?;
    let held: Vec<String> =
        MEMBERS.iter().filter_map(|name| members.get(*name)).filter_map(|raw| text_of(raw)).collect();
    let like_one = held.iter().find(|text| looks_like_one(text));
    like_one.or(held.first()).cloned().ok_or(TokenError::NoMember)
}

fn read_parts(token: &str) -> Result<Claims, TokenError> {
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload) = match parts.as_slice() {
        [header, payload, _signature] => (*header, *payload),
        [_, _, _, _, _] => return Err(TokenError::Encrypted),
        parts => return Err(TokenError::Parts(parts.len())),
    };
    let header: HashMap<String, Box<RawValue>> = decoded("header", header)?;
    let claims: HashMap<String, Box<RawValue>> = decoded("payload", payload)?;
    let date = |name: &'static str| {
        let read = |raw: &RawValue| {
            let in_text = || text_of(raw).and_then(|text| text.trim().parse::<i64>().ok());
            NumericDate::read(raw.get()).ok_or_else(|| match in_text() {
                Some(_) => TokenError::NumberInText(name),
                None => TokenError::NotANumber(name),
            })
        };
        claims.get(name).map(|raw| read(raw)).transpose()
    };
    let read = Claims {
        algorithm: header.get("alg").and_then(|raw| text_of(raw)),
        issuer: claims.get("iss").and_then(|raw| text_of(raw)),
        issued_at: date("iat")?,
        not_before: date("nbf")?,
        expiry: date("exp")?,
        far: Vec::new(),
    };
    let dates = [("iat", read.issued_at), ("nbf", read.not_before), ("exp", read.expiry)];
    let is_far = |date: Option<NumericDate>| date.is_some_and(NumericDate::is_far);
    let names = dates.into_iter().filter(|(_, date)| is_far(*date)).map(|(name, _)| name);
    let far = names.filter_map(|name| Some((name, claims.get(name)?.get().to_owned()))).collect();
    Ok(Claims { far, ..read })
}

fn decoded<Part: DeserializeOwned>(name: &'static str, part: &str) -> Result<Part, TokenError> {
    let bytes = BASE64.decode(part).map_err(|_| TokenError::NotBase64(name))?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::NotAnObject(name))
}

fn text_of(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// A number that is far beyond any instant, or next to none, in the form of one of 64 bits, which libraries read: the end of time
/// in its direction. What is infinite in that form they refuse.
fn beyond(number: &str) -> Option<Nanos> {
    let value: f64 = number.parse().ok().filter(|value: &f64| value.is_finite())?;
    let end = if value > 0.0 { Nanos::MAX } else { Nanos(i64::MIN) };
    if value.abs() < NEXT_TO_NONE_S { Some(Nanos(0)) } else { (value.abs() > BEYOND_ALL_S).then_some(end) }
}

impl NumericDate {
    /// A whole second.
    pub fn whole(second: i64) -> Self {
        Self::at(Nanos::from_seconds(second))
    }

    /// Whether it is further from 1970 than an instant reaches here.
    pub fn is_far(self) -> bool {
        self.exact == Nanos::MAX || self.exact <= -Nanos::MAX
    }

    fn read(number: &str) -> Option<Self> {
        decimal::seconds(number).or_else(|| beyond(number)).map(Self::at)
    }

    /// An instant, since 1970.
    pub fn at(exact: Nanos) -> Self {
        let least = whole_second(exact);
        let greatest = if least == exact { exact } else { least + Nanos::from_seconds(1) };
        Self { least, exact, greatest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", BASE64.encode(header), BASE64.encode(payload))
    }

    fn with(payload: &str) -> Result<Claims, TokenError> {
        read(&encoded(r#"{"alg":"RS256"}"#, payload))
    }

    #[test]
    fn the_times_are_read_digit_by_digit() {
        let claims = with(r#"{"iss":"auth","iat":1700000000,"nbf":1700000000.25,"exp":1.7e9,"sub":"x"}"#).unwrap();
        assert_eq!(claims.algorithm.as_deref(), Some("RS256"));
        assert_eq!(claims.issuer.as_deref(), Some("auth"));
        assert_eq!(claims.issued_at, Some(NumericDate::whole(1_700_000_000)));
        assert_eq!(claims.expiry, Some(NumericDate::whole(1_700_000_000)));
        let fraction = claims.not_before.unwrap();
        assert_eq!(fraction.exact, Nanos(1_700_000_000_250_000_000));
        assert_eq!(
            (fraction.least, fraction.greatest),
            (Nanos::from_seconds(1_700_000_000), Nanos::from_seconds(1_700_000_001))
        );
        // The year 9999, which many write for "never", is further off than 64 bits of nanoseconds reach.
        assert_eq!(with(r#"{"exp":253402300799}"#).unwrap().expiry.unwrap().exact, Nanos::MAX);
        let far = with(r#"{"iat":1,"exp":253402300799}"#).unwrap().far;
        assert_eq!(far, [("exp", "253402300799".to_owned())], "the number is told as it is");
        // As far as a number of 64 bits reaches, as PyJWT 2.15 reads it.
        for (number, expected) in [
            ("1e30", Nanos::MAX),
            ("1e300", Nanos::MAX),
            ("-1e300", Nanos(i64::MIN)),
            ("1e-300", Nanos(0)),
            ("-1e-300", Nanos(0)),
            ("0e99", Nanos(0)),
        ] {
            assert_eq!(with(&format!(r#"{{"exp":{number}}}"#)).unwrap().expiry.unwrap().exact, expected, "{number}");
        }
    }

    #[test]
    fn a_token_is_found_however_people_have_it() {
        let token = encoded(r#"{"alg":"HS256"}"#, r#"{"exp":5}"#);
        let expected =
            Claims { algorithm: Some("HS256".to_owned()), expiry: Some(NumericDate::whole(5)), ..Claims::default() };
        for text in [
            token.clone(),
            format!("  {token}\n"),
            format!("Bearer {token}"),
            format!("authorization: bearer {token}\r\n"),
            format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}","id_token":"x"}}"#),
            format!(r#"{{"id_token":"{token}"}}"#),
            // An access token may be any text.
            format!(r#"{{"access_token":"ya29.opaque","id_token":"{token}"}}"#),
            format!("\"{token}\"\n"),
            format!("'Bearer {token}'"),
            format!("\u{feff}{token}\r\n"),
        ] {
            assert_eq!(read(&text), Ok(expected.clone()), "{text}");
        }
        assert!(looks_like_one(&token) && looks_like_one(&format!("Bearer {token}")));
        assert!(!looks_like_one("eyJ.txt") && !looks_like_one("token.jwt"));
    }

    #[test]
    fn what_is_no_token_is_refused_without_a_letter_of_it() {
        let check = |text: &str, expected: TokenError| assert_eq!(read(text), Err(expected), "{text}");
        check(" \n", TokenError::Empty);
        check("Bearer ", TokenError::Empty);
        check("{}", TokenError::NoMember);
        check(r#"{"access_token": 5}"#, TokenError::NoMember);
        check("hunter2", TokenError::Parts(1));
        check("a.b.c.d.e", TokenError::Encrypted);
        check("a.b.c\nd.e.f\n", TokenError::Several);
        check("%.e30.", TokenError::NotBase64("header"));
        check("e30.%.", TokenError::NotBase64("payload"));
        check("e30.W10.", TokenError::NotAnObject("payload"));
        assert_eq!(with(r#"{"nbf":"1796026139"}"#), Err(TokenError::NumberInText("nbf")));
        for payload in
            [r#"{"nbf":"soon"}"#, r#"{"nbf":null}"#, r#"{"nbf":true}"#, r#"{"nbf":1e400}"#, r#"{"nbf":-1e400}"#]
        {
            assert_eq!(with(payload), Err(TokenError::NotANumber("nbf")), "{payload}");
        }
    }

    #[test]
    fn what_looks_like_a_token_is_masked() {
        let token = encoded(r#"{"alg":"RS256"}"#, r#"{"exp":5}"#);
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected);
        check(&format!("`{token}`: no such file, {token}"), "`eyJ********`: no such file, eyJ********");
        check(&format!("damaged: {}", &token[..token.len() - 5]), "damaged: eyJ********");
        check("unexpected argument 'eyJ.txt' found", "unexpected argument 'eyJ.txt' found");
        check("eyJeyJ: ü", "eyJeyJ: ü");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}", payload in ".{0,200}") {
            let _ = (read(&text), masked(&text));
            let _ = read(&encoded("{}", &payload));
        }
    }
}
