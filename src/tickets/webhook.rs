//! What a template made, as a request. It may begin as a request of HTTP does: `POST /path`, headers, an empty line; without that it
//! is the body of a POST to the address itself.

use super::conversation::Refusal;
use super::protocol;
use super::request::{Answer, Body, Method, Piece, Request, Text};
use super::site::{Site, System, Variable};

/// What stands for the secret where a template says so; nobody but this run knows it.
#[derive(Debug, Clone)]
pub struct SecretPlace(pub String);

/// Why what a template made is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A head without an end.
    #[error("what the template makes begins like a request (`{0}`), and no empty line ends its head")]
    NoEnd(String),
    /// A line of the head that is none.
    #[error("`{0}` is no header: `Name: value` is expected between the first line and the empty line")]
    NotAHeader(String),
    /// A path that leads elsewhere.
    #[error("`{0}` is no path: it begins with `/`, and has no blanks")]
    NotAPath(String),
    /// A body that is no JSON though it says so.
    #[error("what the template makes is no JSON: {0}")]
    NotJson(String),
}

/// The media type where a template names none.
const JSON: &str = "application/json";

/// The request that a text is.
pub fn request(site: &Site, made: &str, secret: &SecretPlace) -> Result<Request, TemplateError> {
    debug_assert!(site.system == System::Webhook, "only a webhook has a template");
    let first = made.lines().next().unwrap_or_default();
    let begun = first.split_once(' ').and_then(|(word, path)| Some((Method::of_word(word)?, path.trim_end())));
    let (method, path, head, body) = match begun {
        None => (Method::Post, "", "", made),
        Some((method, path)) => {
            let rest = made.get(first.len()..).unwrap_or_default().trim_start_matches('\r');
            let rest = rest.strip_prefix('\n').unwrap_or(rest);
            let (head, body) = match rest.strip_prefix('\n') {
                Some(body) => ("", body),
                None => rest.split_once("\n\n").ok_or_else(|| TemplateError::NoEnd(first.to_owned()))?,
            };
            (method, path, head, body)
        }
    };
    if !path.is_empty()
        && (!path.starts_with('/') || path.contains(|character: char| character.is_whitespace() || character == '#'))
    {
        return Err(TemplateError::NotAPath(path.to_owned()));
    }
    let mut media = JSON;
    let mut headers = Vec::new();
    for line in head.lines() {
        let (name, value) = line.split_once(':').ok_or_else(|| TemplateError::NotAHeader(line.to_owned()))?;
        let is_token = |character: char| character.is_ascii_alphanumeric() || character == '-';
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(TemplateError::NotAHeader(line.to_owned()));
        }
        if name.eq_ignore_ascii_case("content-type") {
            media = if value.trim().contains("json") { JSON } else { "text/plain; charset=utf-8" };
        } else {
            headers.push((name.to_owned(), parted(value.trim(), secret)));
        }
    }
    if media == JSON {
        // The place of the secret stands in a string, or it would be no JSON.
        serde_json::from_str::<serde::de::IgnoredAny>(body)
            .map_err(|error| TemplateError::NotJson(error.to_string()))?;
    }
    let url = parted(&site.url(path), secret);
    Ok(Request { method, url, headers, body: Body::Text(media, parted(body.trim_end(), secret)), is_repeatable: false })
}

/// The id that an answer gives what was made: `id`, of itself or of its `ticket`; none where it gives none.
pub fn id(answer: &Answer) -> Option<String> {
    let answer = answer.json();
    ["/id", "/ticket/id"].into_iter().find_map(|pointer| protocol::id(&answer, pointer).ok())
}

/// Whether an answer is one of success.
pub fn accepted(answer: &Answer) -> Result<(), Refusal> {
    protocol::accepted(answer)
}

fn parted(text: &str, SecretPlace(place): &SecretPlace) -> Text {
    let mut pieces = Vec::new();
    for (number, part) in text.split(place.as_str()).enumerate() {
        if number > 0 {
            pieces.push(Piece::Secret(Variable("WEBHOOK_SECRET")));
        }
        if !part.is_empty() {
            pieces.push(Piece::Plain(part.to_owned()));
        }
    }
    Text(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::curl_lines;

    #[test]
    fn a_template_may_begin_like_a_request() {
        let site = Site::new(System::Webhook, Some("https://hooks.example"), None, None).expect("a place");
        let check = |made: &str, expected: Result<&str, TemplateError>| {
            let found = request(&site, made, &SecretPlace("SECRET".to_owned()));
            let lines = found.map(|request| curl_lines(&request, char::is_control).join(" ").replace(" \\", ""));
            assert_eq!(lines, expected.map(str::to_owned), "{made}");
        };
        let json = "  -H 'Content-Type: application/json'   --data-binary";
        check(
            "{\"a\":1}\n",
            Ok(&format!("curl --fail-with-body -sS -X POST 'https://hooks.example' {json} '{{\"a\":1}}'")),
        );
        check(
            "PUT /a/SECRET\nAuthorization: Key SECRET\n\n{\"k\":\"SECRET\"}",
            Ok(&format!(
                "curl --fail-with-body -sS -X PUT 'https://hooks.example/a/'\"$WEBHOOK_SECRET\"   \
                 -H 'Authorization: Key '\"$WEBHOOK_SECRET\" {json} '{{\"k\":\"'\"$WEBHOOK_SECRET\"'\"}}'"
            )),
        );
        check("{\"a\":", Err(TemplateError::NotJson("EOF while parsing a value at line 1 column 5".to_owned())));
        check("POST /a\nx: y", Err(TemplateError::NoEnd("POST /a".to_owned())));
        check("POST /a\nx y\n\n{}", Err(TemplateError::NotAHeader("x y".to_owned())));
        check("POST https://evil/\n\n{}", Err(TemplateError::NotAPath("https://evil/".to_owned())));
    }
}
