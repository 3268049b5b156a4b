//! Libraries: how those that verify tokens treat clocks that differ, each by its own setting, default and boundaries.
//!
//! `explain jwt` prints this table, and tests hold it against the libraries themselves where they can be run.

mod ids;
mod table;

use super::whole_second;
use crate::clock::Nanos;

/// A library, or a gateway, that verifies tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Library {
    /// `jsonwebtoken` of Node.js.
    NodeJsonwebtoken,
    /// `jose` of Node.js, Deno, browsers and edge functions.
    Jose,
    /// `fast-jwt` of Node.js.
    FastJwt,
    /// `PyJWT`.
    Pyjwt,
    /// Flask-JWT-Extended, on top of `PyJWT`; it writes `nbf` too.
    FlaskJwtExtended,
    /// `djangorestframework-simplejwt`, on top of `PyJWT`.
    SimpleJwt,
    /// `python-jose`.
    PythonJose,
    /// Authlib.
    Authlib,
    /// joserfc.
    Joserfc,
    /// `golang-jwt`.
    GolangJwt,
    /// `go-jose`.
    GoJose,
    /// `lestrrat-go/jwx`.
    Jwx,
    /// `java-jwt` of Auth0.
    JavaJwt,
    /// `jjwt`.
    Jjwt,
    /// Nimbus JOSE + JWT.
    Nimbus,
    /// Spring Security's resource server.
    SpringSecurity,
    /// `Microsoft.IdentityModel` of .NET.
    DotNet,
    /// `ruby-jwt`.
    RubyJwt,
    /// `firebase/php-jwt`.
    PhpJwt,
    /// `lcobucci/jwt` of PHP.
    Lcobucci,
    /// `jsonwebtoken` of Rust.
    RustJsonwebtoken,
    /// Envoy's `jwt_authn`, hence Istio.
    Envoy,
    /// Kong's jwt plugin.
    Kong,
}

/// How a library treats clocks that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The name that its users know it by, with its language where the name alone does not say it.
    pub name: &'static str,
    /// The version that these rules were seen in; empty where its source of no stated version was read.
    pub version: &'static str,
    /// How a leeway of five seconds is set.
    pub setting: &'static str,
    /// What it tolerates where nothing is set.
    pub default: Leeway,
    /// How finely it reads its own clock.
    pub reading: Reading,
    /// How old a reading of its clock may be.
    pub lag: Nanos,
    /// When `nbf` refuses a token.
    pub not_before: NotBefore,
    /// When `exp` refuses a token.
    pub expiry: Expiry,
    /// When `iat` refuses a token.
    pub issued_at: IssuedAt,
    /// What these rules rest on.
    pub source: Source,
}

/// What is tolerated where nothing is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leeway {
    /// So many seconds.
    Seconds(u16),
    /// Nothing, and nothing can be set.
    NotSettable,
}

/// How finely a verifier reads its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Whole seconds, rounded down.
    WholeSeconds,
    /// Milliseconds or finer.
    Fraction,
}

/// When `nbf` refuses a token, of the verifier's now and its leeway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBefore {
    /// `nbf > now + leeway`: from the second that it names on it is good, as RFC 7519 has it.
    After,
    /// `nbf >= now + leeway`.
    AtOrAfter,
    /// `nbf > now + leeway`, only where this option asks for it.
    AfterWhere(&'static str),
}

/// When `exp` refuses a token, of the verifier's now and its leeway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// `exp <= now - leeway`: the second that it names is refused, as RFC 7519 has it.
    AtOrBefore,
    /// `exp < now - leeway`: the second that it names is still good.
    Before,
    /// `exp <= now - leeway`, only where this option asks for it.
    AtOrBeforeWhere(&'static str),
}

/// When `iat` refuses a token that claims to come from the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuedAt {
    /// Never.
    Ignored,
    /// `iat > now + leeway`, always.
    Checked,
    /// `iat > now + leeway`, where the token has no `nbf`.
    WithoutNotBefore,
    /// `iat > now + leeway`, where this option asks for it.
    Where(&'static str),
    /// `iat > now`, fractions of a second counted, whatever the leeway, where this option asks for it.
    WithoutLeewayWhere(&'static str),
    /// Never by itself; this option makes a token's age count from it.
    AgeWhere(&'static str),
}

/// What a library's rules rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The library was run.
    Run,
    /// Its source was read.
    Read,
}

impl Library {
    /// Every library, by language.
    pub const ALL: [Self; 23] = [
        Self::NodeJsonwebtoken,
        Self::Jose,
        Self::FastJwt,
        Self::Pyjwt,
        Self::FlaskJwtExtended,
        Self::SimpleJwt,
        Self::PythonJose,
        Self::Authlib,
        Self::Joserfc,
        Self::GolangJwt,
        Self::GoJose,
        Self::Jwx,
        Self::JavaJwt,
        Self::Jjwt,
        Self::Nimbus,
        Self::SpringSecurity,
        Self::DotNet,
        Self::RubyJwt,
        Self::PhpJwt,
        Self::Lcobucci,
        Self::RustJsonwebtoken,
        Self::Envoy,
        Self::Kong,
    ];

    /// How it treats clocks that differ.
    pub fn rules(self) -> &'static Rules {
        table::rules(self)
    }
}

impl Rules {
    /// Whether a token with this `nbf` (since 1970) is refused at this reading of the verifier's clock. A check that must be
    /// switched on counts as switched on.
    pub fn refuses_not_before(&self, not_before: Nanos, now: Nanos, leeway: Nanos) -> bool {
        let limit = self.read(now) + leeway;
        match self.not_before {
            NotBefore::After | NotBefore::AfterWhere(_) => not_before > limit,
            NotBefore::AtOrAfter => not_before >= limit,
        }
    }

    /// Whether a token with this `exp` (since 1970) is refused at this reading of the verifier's clock. A check that must be
    /// switched on counts as switched on.
    pub fn refuses_expiry(&self, expiry: Nanos, now: Nanos, leeway: Nanos) -> bool {
        let limit = self.read(now) - leeway;
        match self.expiry {
            Expiry::AtOrBefore | Expiry::AtOrBeforeWhere(_) => expiry <= limit,
            Expiry::Before => expiry < limit,
        }
    }

    /// Whether a token with this `iat` (since 1970) and nothing else is refused at this reading of the verifier's clock, no
    /// option having been set.
    pub fn refuses_issued_at(&self, issued_at: Nanos, now: Nanos, leeway: Nanos) -> bool {
        matches!(self.issued_at, IssuedAt::Checked | IssuedAt::WithoutNotBefore)
            && self.refuses_issued_at_where_asked(issued_at, now, leeway)
    }

    /// The same once the option that it needs is set.
    pub fn refuses_issued_at_where_asked(&self, issued_at: Nanos, now: Nanos, leeway: Nanos) -> bool {
        match self.issued_at {
            IssuedAt::Checked | IssuedAt::WithoutNotBefore | IssuedAt::Where(_) => issued_at > self.read(now) + leeway,
            IssuedAt::WithoutLeewayWhere(_) => issued_at > now,
            IssuedAt::Ignored | IssuedAt::AgeWhere(_) => false,
        }
    }

    fn read(&self, now: Nanos) -> Nanos {
        match self.reading {
            Reading::WholeSeconds => whole_second(now),
            Reading::Fraction => now,
        }
    }
}

impl Leeway {
    /// In words: `0 s`, `60 s`, `none, cannot be set`.
    pub fn words(self) -> String {
        match self {
            Self::Seconds(seconds) => format!("{seconds} s"),
            Self::NotSettable => "none, cannot be set".to_owned(),
        }
    }

    /// Its length.
    pub fn length(self) -> Nanos {
        match self {
            Self::Seconds(seconds) => Nanos::from_seconds(i64::from(seconds)),
            Self::NotSettable => Nanos::ZERO,
        }
    }
}

impl Reading {
    /// How the reading stands in a rule.
    pub fn words(self) -> &'static str {
        match self {
            Self::WholeSeconds => "floor(now)",
            Self::Fraction => "now",
        }
    }
}

impl Rules {
    /// When it refuses, in one line: `nbf > now + L; exp <= now - L; iat > now + L`.
    pub fn refusals(&self) -> String {
        let now = self.reading.words();
        let (plus, minus) = match self.default {
            Leeway::Seconds(_) => (format!("{now} + L"), format!("{now} - L")),
            Leeway::NotSettable => (now.to_owned(), now.to_owned()),
        };
        let not_before = match self.not_before {
            NotBefore::After => format!("nbf > {plus}"),
            NotBefore::AtOrAfter => format!("nbf >= {plus}"),
            NotBefore::AfterWhere(option) => format!("nbf > {plus} with {option}"),
        };
        let expiry = match self.expiry {
            Expiry::AtOrBefore => format!("exp <= {minus}"),
            Expiry::Before => format!("exp < {minus}"),
            Expiry::AtOrBeforeWhere(option) => format!("exp <= {minus} with {option}"),
        };
        let issued_at = match self.issued_at {
            IssuedAt::Ignored => "iat never".to_owned(),
            IssuedAt::Checked => format!("iat > {plus}"),
            IssuedAt::WithoutNotBefore => format!("iat > {plus} where there is no nbf"),
            IssuedAt::Where(option) => format!("iat > {plus} with {option}"),
            IssuedAt::WithoutLeewayWhere(option) => format!("iat > now with {option}, without leeway"),
            IssuedAt::AgeWhere(option) => format!("iat with {option}"),
        };
        format!("{not_before}; {expiry}; {issued_at}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_stands_once_with_a_name_and_a_setting_of_its_own() {
        let mut names: Vec<&str> = Library::ALL.iter().map(|library| library.rules().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Library::ALL.len());
        for library in Library::ALL {
            let rules = library.rules();
            let is_settable = rules.default != Leeway::NotSettable;
            assert_eq!(rules.setting.is_empty(), !is_settable, "{library:?}");
            assert!(
                rules.source == Source::Read || !rules.version.is_empty(),
                "{library:?} was run, in which version?"
            );
        }
    }

    #[test]
    fn no_setting_drops_what_else_is_verified() {
        // Alone, the validator of times would take the place of that of the issuer.
        assert!(Library::SpringSecurity.rules().setting.contains("JwtIssuerValidator"));
        // ruby-jwt takes HS256 where no algorithm is named.
        assert!(Library::RubyJwt.rules().setting.contains("algorithm"));
    }

    #[test]
    fn the_refusals_are_written_as_they_are_decided() {
        let check = |library: Library, expected: &str| assert_eq!(library.rules().refusals(), expected);
        check(Library::Pyjwt, "nbf > now + L; exp <= now - L; iat > now + L");
        check(Library::PythonJose, "nbf > floor(now) + L; exp < floor(now) - L; iat never");
        check(Library::Nimbus, "nbf >= now + L; exp <= now - L; iat never");
        check(
            Library::Kong,
            "nbf > floor(now) with claims_to_verify: [nbf]; exp <= floor(now) with claims_to_verify: [exp]; iat never",
        );
        check(
            Library::RustJsonwebtoken,
            "nbf > floor(now) + L with validation.validate_nbf = true; exp < floor(now) - L; iat never",
        );
        check(
            Library::RubyJwt,
            "nbf > floor(now) + L; exp <= floor(now) - L; iat > now with verify_iat: true, without leeway",
        );
    }

    #[test]
    fn the_second_that_a_claim_names_is_decided_by_each_library_for_itself() {
        let at = Nanos::from_seconds(1_000);
        let half_past = at + Nanos::from_millis(500);
        let check = |library: Library, now: Nanos, expected: (bool, bool, bool)| {
            let rules = library.rules();
            let found = (
                rules.refuses_not_before(at, now, Nanos::ZERO),
                rules.refuses_expiry(at, now, Nanos::ZERO),
                rules.refuses_issued_at(at, now, Nanos::ZERO),
            );
            assert_eq!(found, expected, "{library:?} at {now}");
        };
        check(Library::Pyjwt, at, (false, true, false));
        check(Library::Pyjwt, at - Nanos(1), (true, false, true));
        check(Library::PythonJose, half_past, (false, false, false));
        check(Library::PythonJose, at - Nanos(1), (true, false, false));
        check(Library::Nimbus, at, (true, true, false));
    }
}
