//! The decisions of `fix`: what is edited, forecast, refused, planned and rolled out, without any host.

mod configuration;
