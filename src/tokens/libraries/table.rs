//! The rules of each library: its own setting, what it tolerates by default, and what it does with the second that a claim
//! names. Where a library was read and not run, the file of its project that says so is named.

use crate::clock::Nanos;
use crate::tokens::GREATEST_LAG;

use super::{Expiry, IssuedAt, Leeway, Library, NotBefore, Reading, Rules, Source};

/// The most common rules: no leeway, the boundaries of RFC 7519, `iat` not looked at.
const COMMON: Rules = Rules {
    name: "",
    version: "",
    setting: "",
    default: Leeway::Seconds(0),
    reading: Reading::Fraction,
    lag: Nanos::ZERO,
    not_before: NotBefore::After,
    expiry: Expiry::AtOrBefore,
    issued_at: IssuedAt::Ignored,
    source: Source::Read,
};

pub(super) fn rules(library: Library) -> &'static Rules {
    match library {
        Library::NodeJsonwebtoken => &NODE_JSONWEBTOKEN,
        Library::Jose => &JOSE,
        Library::FastJwt => &FAST_JWT,
        Library::Pyjwt => &PYJWT,
        Library::FlaskJwtExtended => &FLASK_JWT_EXTENDED,
        Library::SimpleJwt => &SIMPLE_JWT,
        Library::PythonJose => &PYTHON_JOSE,
        Library::Authlib => &AUTHLIB,
        Library::Joserfc => &JOSERFC,
        Library::GolangJwt => &GOLANG_JWT,
        Library::GoJose => &GO_JOSE,
        Library::Jwx => &JWX,
        Library::JavaJwt => &JAVA_JWT,
        Library::Jjwt => &JJWT,
        Library::Nimbus => &NIMBUS,
        Library::SpringSecurity => &SPRING_SECURITY,
        Library::DotNet => &DOT_NET,
        Library::RubyJwt => &RUBY_JWT,
        Library::PhpJwt => &PHP_JWT,
        Library::Lcobucci => &LCOBUCCI,
        Library::RustJsonwebtoken => &RUST_JSONWEBTOKEN,
        Library::Envoy => &ENVOY,
        Library::Kong => &KONG,
    }
}

const NODE_JSONWEBTOKEN: Rules = Rules {
    name: "jsonwebtoken (Node.js)",
    version: "9.0.3",
    setting: "jwt.verify(token, key, { clockTolerance: 5 })",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::AgeWhere("maxAge"),
    source: Source::Run,
    ..COMMON
};

const JOSE: Rules = Rules {
    name: "jose (Node.js, Deno, edge)",
    version: "6.2",
    setting: "jwtVerify(token, key, { clockTolerance: 5 })",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::Where("maxTokenAge"),
    source: Source::Run,
    ..COMMON
};

const FAST_JWT: Rules = Rules {
    name: "fast-jwt (Node.js)",
    version: "6.3",
    setting: "createVerifier({ clockTolerance: 5000 }), in milliseconds",
    expiry: Expiry::Before,
    source: Source::Run,
    ..COMMON
};

const PYJWT: Rules = Rules {
    name: "PyJWT",
    version: "2.15",
    setting: "jwt.decode(..., leeway=5)",
    issued_at: IssuedAt::Checked,
    source: Source::Run,
    ..COMMON
};

/// vimalloc/flask-jwt-extended: `flask_jwt_extended/jwt_manager.py` (`JWT_DECODE_LEEWAY`, 0) and `tokens.py`, which hands it to
/// `PyJWT`.
const FLASK_JWT_EXTENDED: Rules =
    Rules { name: "flask-jwt-extended", version: "4.7", setting: "app.config[\"JWT_DECODE_LEEWAY\"] = 5", ..PYJWT };

const SIMPLE_JWT: Rules =
    Rules { name: "djangorestframework-simplejwt", version: "5.5", setting: "SIMPLE_JWT = {\"LEEWAY\": 5}", ..PYJWT };

const PYTHON_JOSE: Rules = Rules {
    name: "python-jose",
    version: "3.5",
    setting: "jwt.decode(..., options={\"leeway\": 5})",
    reading: Reading::WholeSeconds,
    expiry: Expiry::Before,
    source: Source::Run,
    ..COMMON
};

const AUTHLIB: Rules = Rules {
    name: "Authlib",
    version: "1.9",
    setting: "claims.validate(leeway=5)",
    reading: Reading::WholeSeconds,
    expiry: Expiry::Before,
    issued_at: IssuedAt::Checked,
    source: Source::Run,
    ..COMMON
};

const JOSERFC: Rules = Rules {
    name: "joserfc (Python)",
    version: "1.8",
    setting: "JWTClaimsRegistry(leeway=5)",
    expiry: Expiry::AtOrBefore,
    ..AUTHLIB
};

/// golang-jwt/jwt: `validator.go` and `parser_option.go`.
const GOLANG_JWT: Rules = Rules {
    name: "golang-jwt (Go)",
    version: "v5",
    setting: "jwt.NewParser(jwt.WithLeeway(5 * time.Second))",
    issued_at: IssuedAt::Where("WithIssuedAt"),
    ..COMMON
};

/// go-jose/go-jose: `jwt/validation.go`.
const GO_JOSE: Rules = Rules {
    name: "go-jose (Go)",
    version: "v4",
    setting: "claims.ValidateWithLeeway(expected, 5 * time.Second)",
    default: Leeway::Seconds(60),
    expiry: Expiry::Before,
    issued_at: IssuedAt::Checked,
    ..COMMON
};

/// lestrrat-go/jwx: `jwt/validate.go`.
const JWX: Rules = Rules {
    name: "lestrrat-go/jwx (Go)",
    version: "v2",
    setting: "jwt.Validate(token, jwt.WithAcceptableSkew(5 * time.Second))",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::Checked,
    ..COMMON
};

/// auth0/java-jwt: `lib/src/main/java/com/auth0/jwt/JWTVerifier.java`.
const JAVA_JWT: Rules = Rules {
    name: "java-jwt (Auth0)",
    version: "4",
    setting: "JWT.require(algorithm).acceptLeeway(5)",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::Checked,
    ..COMMON
};

/// jwtk/jjwt: `DefaultJwtParser.java` and `DefaultJwtParserBuilder.java` of its `impl`.
const JJWT: Rules = Rules {
    name: "jjwt (Java)",
    version: "0.13",
    setting: "Jwts.parser().clockSkewSeconds(5)",
    expiry: Expiry::Before,
    ..COMMON
};

/// Connect2id's nimbus-jose-jwt: `com/nimbusds/jwt/proc/DefaultJWTClaimsVerifier.java` and `util/DateUtils.java`.
const NIMBUS: Rules = Rules {
    name: "Nimbus JOSE + JWT (Java)",
    setting: "DefaultJWTClaimsVerifier.setMaxClockSkew(5)",
    default: Leeway::Seconds(60),
    not_before: NotBefore::AtOrAfter,
    ..COMMON
};

/// spring-projects/spring-security: `JwtTimestampValidator.java` and `JwtValidators.java` of `oauth2-jose`. A validator that is
/// set alone takes the place of those of issuer and certificate, so that the whole list is named.
const SPRING_SECURITY: Rules = Rules {
    name: "Spring Security (Java)",
    version: "6.5",
    setting: "decoder.setJwtValidator(JwtValidators.createDefaultWithValidators(new JwtIssuerValidator(issuer), \
              new JwtTimestampValidator(Duration.ofSeconds(5))))",
    default: Leeway::Seconds(60),
    expiry: Expiry::Before,
    ..COMMON
};

/// AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet: `ValidatorUtilities.cs` and
/// `TokenValidationParameters.cs` of `src/Microsoft.IdentityModel.Tokens`.
const DOT_NET: Rules = Rules {
    name: "Microsoft.IdentityModel (.NET)",
    version: "8",
    setting: "TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(5)",
    default: Leeway::Seconds(300),
    expiry: Expiry::Before,
    ..COMMON
};

/// jwt/ruby-jwt: `lib/jwt/claims/expiration.rb`, `not_before.rb`, `issued_at.rb` and `decode_verifier.rb`. Only `iat` is held
/// against a fraction of a second.
const RUBY_JWT: Rules = Rules {
    name: "ruby-jwt",
    version: "3.2",
    setting: "JWT.decode(token, key, true, { algorithm: 'RS256', leeway: 5 })",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::WithoutLeewayWhere("verify_iat: true"),
    ..COMMON
};

/// firebase/php-jwt: `src/JWT.php`.
const PHP_JWT: Rules = Rules {
    name: "firebase/php-jwt",
    version: "7.0",
    setting: "JWT::$leeway = 5",
    reading: Reading::WholeSeconds,
    lag: GREATEST_LAG,
    issued_at: IssuedAt::WithoutNotBefore,
    ..COMMON
};

/// lcobucci/jwt: `src/Validation/Constraint/LooseValidAt.php` and `src/Token/Plain.php`.
const LCOBUCCI: Rules = Rules {
    name: "lcobucci/jwt (PHP)",
    version: "5",
    setting: "new LooseValidAt($clock, new DateInterval('PT5S'))",
    issued_at: IssuedAt::Checked,
    ..COMMON
};

const RUST_JSONWEBTOKEN: Rules = Rules {
    name: "jsonwebtoken (Rust)",
    version: "11.1",
    setting: "validation.leeway = 5",
    default: Leeway::Seconds(60),
    reading: Reading::WholeSeconds,
    not_before: NotBefore::AfterWhere("validation.validate_nbf = true"),
    expiry: Expiry::Before,
    source: Source::Run,
    ..COMMON
};

/// `google/jwt_verify_lib`: `src/jwt.cc` and `jwt_verify_lib/jwt.h`; envoyproxy/envoy:
/// `api/envoy/extensions/filters/http/jwt_authn/v3/config.proto`.
const ENVOY: Rules = Rules {
    name: "Envoy jwt_authn, Istio",
    setting: "clock_skew_seconds: 5 of the provider (Istio: by an EnvoyFilter)",
    default: Leeway::Seconds(60),
    reading: Reading::WholeSeconds,
    expiry: Expiry::Before,
    ..COMMON
};

/// Kong/kong: `kong/plugins/jwt/jwt_parser.lua` and `schema.lua`, where `claims_to_verify` has no default.
const KONG: Rules = Rules {
    name: "Kong jwt plugin",
    default: Leeway::NotSettable,
    reading: Reading::WholeSeconds,
    lag: GREATEST_LAG,
    not_before: NotBefore::AfterWhere("claims_to_verify: [nbf]"),
    expiry: Expiry::AtOrBeforeWhere("claims_to_verify: [exp]"),
    ..COMMON
};
