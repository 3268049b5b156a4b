//! The rules of each library: its own setting, what it tolerates by default, and what it does with the second that a claim
//! names.

use super::{Expiry, IssuedAt, Leeway, Library, NotBefore, Reading, Rules, Source};

/// The most common rules: no leeway, the boundaries of RFC 7519, `iat` not looked at.
const COMMON: Rules = Rules {
    name: "",
    version: "",
    setting: "",
    default: Leeway::Seconds(0),
    reading: Reading::Fraction,
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

const FLASK_JWT_EXTENDED: Rules =
    Rules { name: "flask-jwt-extended", version: "4.7", setting: "JWT_DECODE_LEEWAY = 5", ..PYJWT };

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

const GOLANG_JWT: Rules = Rules {
    name: "golang-jwt (Go)",
    version: "v5",
    setting: "jwt.NewParser(jwt.WithLeeway(5 * time.Second))",
    issued_at: IssuedAt::Where("WithIssuedAt"),
    ..COMMON
};

const GO_JOSE: Rules = Rules {
    name: "go-jose (Go)",
    version: "v4",
    setting: "claims.ValidateWithLeeway(expected, 5 * time.Second)",
    default: Leeway::Seconds(60),
    expiry: Expiry::Before,
    issued_at: IssuedAt::Checked,
    ..COMMON
};

const JWX: Rules = Rules {
    name: "lestrrat-go/jwx (Go)",
    setting: "jwt.Validate(token, jwt.WithAcceptableSkew(5 * time.Second))",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::Checked,
    ..COMMON
};

const JAVA_JWT: Rules = Rules {
    name: "java-jwt (Auth0)",
    version: "4",
    setting: "JWT.require(algorithm).acceptLeeway(5)",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::Checked,
    ..COMMON
};

const JJWT: Rules =
    Rules { name: "jjwt (Java)", setting: "Jwts.parser().clockSkewSeconds(5)", expiry: Expiry::Before, ..COMMON };

const NIMBUS: Rules = Rules {
    name: "Nimbus JOSE + JWT (Java)",
    setting: "claimsVerifier.setMaxClockSkew(5)",
    default: Leeway::Seconds(60),
    not_before: NotBefore::AtOrAfter,
    ..COMMON
};

const SPRING_SECURITY: Rules = Rules {
    name: "Spring Security (Java)",
    setting: "new JwtTimestampValidator(Duration.ofSeconds(5))",
    default: Leeway::Seconds(60),
    expiry: Expiry::Before,
    ..COMMON
};

const DOT_NET: Rules = Rules {
    name: "Microsoft.IdentityModel (.NET)",
    setting: "TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(5)",
    default: Leeway::Seconds(300),
    expiry: Expiry::Before,
    ..COMMON
};

const RUBY_JWT: Rules = Rules {
    name: "ruby-jwt",
    setting: "JWT.decode(token, key, true, leeway: 5)",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::WithoutLeewayWhere("verify_iat: true"),
    ..COMMON
};

const PHP_JWT: Rules = Rules {
    name: "firebase/php-jwt",
    setting: "JWT::$leeway = 5",
    reading: Reading::WholeSeconds,
    issued_at: IssuedAt::WithoutNotBefore,
    ..COMMON
};

const LCOBUCCI: Rules = Rules {
    name: "lcobucci/jwt (PHP)",
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
    not_before: NotBefore::AfterWhereAsked,
    expiry: Expiry::Before,
    source: Source::Run,
    ..COMMON
};

const ENVOY: Rules = Rules {
    name: "Envoy jwt_authn, Istio",
    setting: "clock_skew_seconds: 5",
    default: Leeway::Seconds(60),
    reading: Reading::WholeSeconds,
    expiry: Expiry::Before,
    ..COMMON
};

const KONG: Rules =
    Rules { name: "Kong jwt plugin", default: Leeway::NotSettable, reading: Reading::WholeSeconds, ..COMMON };
