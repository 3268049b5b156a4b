//! The names by which libraries are asked for on the command line.

use super::Library;

impl Library {
    /// Its name for `--verifier-lib`: that of its package, where that tells it from others.
    pub fn id(self) -> &'static str {
        match self {
            Self::NodeJsonwebtoken => "jsonwebtoken",
            Self::Jose => "jose",
            Self::FastJwt => "fast-jwt",
            Self::Pyjwt => "pyjwt",
            Self::FlaskJwtExtended => "flask-jwt-extended",
            Self::SimpleJwt => "simplejwt",
            Self::PythonJose => "python-jose",
            Self::Authlib => "authlib",
            Self::Joserfc => "joserfc",
            Self::GolangJwt => "golang-jwt",
            Self::GoJose => "go-jose",
            Self::Jwx => "jwx",
            Self::JavaJwt => "java-jwt",
            Self::Jjwt => "jjwt",
            Self::Nimbus => "nimbus",
            Self::SpringSecurity => "spring-security",
            Self::DotNet => "dotnet",
            Self::RubyJwt => "ruby-jwt",
            Self::PhpJwt => "php-jwt",
            Self::Lcobucci => "lcobucci",
            Self::RustJsonwebtoken => "rust-jsonwebtoken",
            Self::Envoy => "envoy",
            Self::Kong => "kong",
        }
    }
}
