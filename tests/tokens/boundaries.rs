//! What `explain jwt` prints of a library, against the library: the leeway where nothing is set, and both sides of the
//! second that each claim names.

use super::libraries::Verifier;
use super::shares::NOON;
use clockaudit::clock::Nanos;
use clockaudit::report::explain::token_page;
use clockaudit::report::table::Page;
use clockaudit::tokens::Library;
use clockaudit::tokens::libraries::Rules;

/// The leeways, in seconds, around which every second is asked for: those of the test and every default that is known.
const LEEWAYS_S: [i64; 4] = [0, 5, 60, 300];

/// Whether a token with one claim, `nbf`, `exp` or `iat` (whole seconds), is refused at this now with this leeway, or with
/// the default one.
type Refuses<'library> = dyn FnMut((&str, i64), Nanos, Option<i64>) -> bool + 'library;

#[test]
fn pyjwt_and_python_jose_do_what_is_printed() {
    let mut python = Verifier::python();
    for library in [Library::Pyjwt, Library::PythonJose] {
        check_frozen(library, &mut python);
    }
}

#[test]
fn jsonwebtoken_and_jose_of_node_do_what_is_printed() {
    let mut node = Verifier::node();
    for library in [Library::NodeJsonwebtoken, Library::Jose] {
        check_frozen(library, &mut node);
    }
}

/// A library whose clock stands where the test puts it: at whole seconds and between them.
fn check_frozen(library: Library, verifier: &mut Verifier) {
    let rules = library.rules();
    let mut refuses =
        |claim: (&str, i64), now: Nanos, leeway: Option<i64>| verifier.refuses(rules.name, claim, now, leeway);
    let noon = Nanos::from_seconds(NOON);
    let readings = [0, 1, 500, 999].map(|millis| noon + Nanos::from_millis(millis));
    assert_eq!(differences(rules, &readings, &mut refuses), Vec::<String>::new(), "{}", rules.name);
    check_printed(rules);
}

#[test]
fn jsonwebtoken_of_rust_does_what_is_printed() {
    let rules = Library::RustJsonwebtoken.rules();
    // Its clock cannot be held: a round counts when it began and ended in one second, of which there are many rounds.
    let round = || {
        let began = jsonwebtoken::get_current_timestamp();
        let now = Nanos::from_seconds(i64::try_from(began).expect("this century"));
        let mut refuses = |(name, second): (&str, i64), _: Nanos, leeway: Option<i64>| {
            rust(&serde_json::json!({ name: second }), leeway, true)
        };
        let found = differences(rules, &[now], &mut refuses);
        (jsonwebtoken::get_current_timestamp() == began).then_some(found)
    };
    let found = (0..100).find_map(|_| round()).expect("a round that fits into a second");
    assert_eq!(found, Vec::<String>::new());
    // Not before is not looked at unless asked.
    assert!(!jsonwebtoken::Validation::default().validate_nbf);
    check_printed(rules);
}

/// Whether Rust's `jsonwebtoken` refuses a token with these claims now; `nbf` is looked at where that is asked for.
pub(crate) fn rust(claims: &serde_json::Value, leeway: Option<i64>, checks_not_before: bool) -> bool {
    use jsonwebtoken::errors::ErrorKind;
    let secret = b"a key of sufficient length for HS256";
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).expect("a token");
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.validate_nbf = checks_not_before;
    validation.required_spec_claims.clear();
    if let Some(leeway) = leeway {
        validation.leeway = u64::try_from(leeway).expect("not negative");
    }
    let key = jsonwebtoken::DecodingKey::from_secret(secret);
    match jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation) {
        Ok(_) => false,
        Err(error) => match error.kind() {
            ErrorKind::ExpiredSignature | ErrorKind::ImmatureSignature => true,
            _ => panic!("{claims}: {error}"),
        },
    }
}

/// Asks for every second around the one that each claim names, with leeways and with the default one; says where library and
/// table differ.
fn differences(rules: &Rules, readings: &[Nanos], refuses: &mut Refuses<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for now in readings {
        for leeway in [Some(0), Some(5), None] {
            let length = leeway.map_or(rules.default.length(), Nanos::from_seconds);
            let around = LEEWAYS_S.iter().flat_map(|edge| [-1, 1].map(|side| side * edge));
            for away in around.flat_map(|edge| edge - 2..=edge + 2) {
                let second = now.0.div_euclid(Nanos::from_seconds(1).0) + away;
                let claimed = Nanos::from_seconds(second);
                for (claim, expected) in [
                    ("nbf", rules.refuses_not_before(claimed, *now, length)),
                    ("exp", rules.refuses_expiry(claimed, *now, length)),
                    ("iat", rules.refuses_issued_at(claimed, *now, length)),
                ] {
                    if refuses((claim, second), *now, leeway) != expected {
                        found.push(format!(
                            "{claim} {away:+} s at {now}, leeway {leeway:?}: expected refused = {expected}"
                        ));
                    }
                }
            }
        }
    }
    found
}

fn check_printed(rules: &Rules) {
    let page = token_page(None, Page::ENDLESS).split_whitespace().collect::<Vec<_>>().join(" ");
    let printed =
        format!("{} leeway {}; {} refused: {}", rules.name, rules.default.words(), rules.setting, rules.refusals());
    assert!(page.contains(&printed), "{printed}\n{page}");
}
