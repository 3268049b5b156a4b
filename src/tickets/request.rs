//! A request as a value, without the secrets that it needs, and an answer.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::draft::Attachment;
use super::site::{Credentials, Variable};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or does.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
}

impl Method {
    /// The word of HTTP.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }

    /// The method of a word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch].into_iter().find(|method| method.word() == word)
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Itself.
    Plain(String),
    /// The value of a variable, in a string of JSON where the text is JSON.
    Secret(Variable),
    /// The values of two variables as Basic authentication has them.
    Basic(Variable, Variable),
    /// A file in base64.
    Base64(Arc<Attachment>),
}

/// A text with places for secrets and files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) Vec<Piece>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(vec![Piece::Plain(text)])
    }
}

/// What goes with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// A text of this media type.
    #[expect(private_interfaces, reason = "it is written by this room and read through `fill`")]
    Text(&'static str, Text),
    /// A file as it is.
    File(Arc<Attachment>),
    /// A form with these fields and one file in the last field.
    Form {
        /// The other fields.
        fields: Vec<(&'static str, String)>,
        /// The field that holds the file.
        name: &'static str,
        /// The file.
        file: Arc<Attachment>,
    },
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    pub(super) url: Text,
    pub(super) headers: Vec<(String, Text)>,
    /// What goes with it.
    pub body: Body,
    /// Whether doing it twice is as good as once.
    pub is_repeatable: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A request with its secrets: only for whoever sends it.
pub struct Filled {
    /// The address.
    pub url: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// What goes with it.
    pub body: FilledBody,
}

/// What goes with a request, as bytes.
pub enum FilledBody {
    /// Nothing.
    None,
    /// Bytes; their media type is among the headers.
    Bytes(Vec<u8>),
}

impl Body {
    /// The names of the files that are a part of it, beside other things; none where it is a file and nothing else.
    pub(super) fn inline_files(&self) -> impl Iterator<Item = &str> {
        let pieces = match self {
            Self::Text(_, Text(pieces)) => pieces.as_slice(),
            Self::None | Self::File(_) | Self::Form { .. } => &[],
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Base64(file) => Some(file.name.as_str()),
            Piece::Plain(_) | Piece::Secret(_) | Piece::Basic(..) => None,
        })
    }
}

impl Request {
    /// A request that reads.
    pub(super) fn get(url: String) -> Self {
        Self { method: Method::Get, url: url.into(), headers: Vec::new(), body: Body::None, is_repeatable: true }
    }

    /// A request with JSON; twice is as good as once unless it is a POST.
    pub(super) fn json(method: Method, url: String, value: &serde_json::Value) -> Self {
        Self::text(method, url, "application/json", value.to_string().into())
    }

    pub(super) fn text(method: Method, url: String, media: &'static str, text: Text) -> Self {
        let is_repeatable = method != Method::Post;
        Self { method, url: url.into(), headers: Vec::new(), body: Body::Text(media, text), is_repeatable }
    }

    /// A request with a file.
    pub(super) fn file(url: String, body: Body) -> Self {
        Self { method: Method::Post, url: url.into(), headers: Vec::new(), body, is_repeatable: false }
    }

    /// The same request, which says something: it is not sent again where nobody knows whether it was done.
    #[must_use]
    pub(super) fn once(mut self) -> Self {
        self.is_repeatable = false;
        self
    }

    #[must_use]
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), Text::from(value.into())));
        self
    }

    /// The same with the secrets in their places; none where one is missing.
    pub fn fill(&self, secrets: &Credentials) -> Option<Filled> {
        let url = filled(&self.url, secrets, false)?;
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            headers.push((name.clone(), filled(value, secrets, false)?));
        }
        let mut media = |media: &str| headers.push(("Content-Type".to_owned(), media.to_owned()));
        let body = match &self.body {
            Body::None => FilledBody::None,
            Body::Text(of, text) => {
                media(of);
                FilledBody::Bytes(filled(text, secrets, of.ends_with("json"))?.into_bytes())
            }
            Body::File(file) => {
                media(file.media);
                FilledBody::Bytes(file.bytes.clone())
            }
            Body::Form { fields, name, file } => {
                let boundary = boundary(file);
                media(&format!("multipart/form-data; boundary={boundary}"));
                FilledBody::Bytes(form(&boundary, fields, name, file))
            }
        };
        Some(Filled { url, headers, body })
    }
}

impl Answer {
    /// A header by its name in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; nothing where it is none.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The text with secrets in their places, in strings of JSON where it is JSON.
fn filled(text: &Text, secrets: &Credentials, is_json: bool) -> Option<String> {
    let mut whole = String::new();
    for piece in &text.0 {
        match piece {
            Piece::Plain(plain) => whole.push_str(plain),
            Piece::Secret(variable) => {
                let value = secrets.reveal(*variable)?;
                if is_json {
                    let quoted = serde_json::Value::from(value).to_string();
                    whole.push_str(quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default());
                } else {
                    whole.push_str(value);
                }
            }
            Piece::Basic(user, password) => {
                let pair = format!("{}:{}", secrets.reveal(*user)?, secrets.reveal(*password)?);
                whole.push_str(&base64(pair.as_bytes()));
            }
            Piece::Base64(file) => whole.push_str(&base64(&file.bytes)),
        }
    }
    Some(whole)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A line that is nowhere in the file: who knew it would have to have put its own digest into it.
fn boundary(file: &Attachment) -> String {
    format!("clockaudit-{}", base16ct::lower::encode_string(&Sha256::digest(&file.bytes)).get(..40).unwrap_or_default())
}

/// A form of RFC 7578. Names of fields and files are ours, without quotes and line ends.
fn form(boundary: &str, fields: &[(&str, String)], name: &str, file: &Attachment) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(file.bytes.len() + 512);
    for (field, value) in fields {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        bytes.extend_from_slice(head.as_bytes());
    }
    let disposition = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{}\"", file.name);
    bytes
        .extend_from_slice(format!("--{boundary}\r\n{disposition}\r\nContent-Type: {}\r\n\r\n", file.media).as_bytes());
    bytes.extend_from_slice(&file.bytes);
    bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    bytes
}
