//! A page in the markup that a ticket system takes, one writer a file.

mod adf;
mod html;
mod text;
mod wiki;

use crate::report::document::Document;
use crate::report::markdown;
use crate::tickets::Markup;

/// The page in a markup.
pub(super) fn write(document: &Document, markup: Markup) -> String {
    match markup {
        Markup::Markdown => markdown::write(document),
        Markup::JiraWiki => wiki::write(document),
        Markup::Adf => adf::write(document),
        Markup::Html => html::write(document),
        Markup::Text => text::write(document),
    }
}
