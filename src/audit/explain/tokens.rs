//! The page on tokens: what clocks that differ do to JSON Web Tokens, what to set where, and what to watch.

use super::Page;

/// What clocks mean for tokens.
pub const PAGE: Page = Page {
    title: "tokens between hosts whose clocks differ",
    evidence: "A token carries whole seconds of its issuer's clock: nbf and iat, rounded down when it is issued, and exp. Its \
               first use is refused with the probability x / 1 s (never below 0, always from 1 s on), x = issuer ahead of \
               verifier + lag of the verifier's reading - time on the way - leeway. 20 ms ahead with 5 ms on the way refuses \
               1.5 % of first uses, 100 ms 9.5 %, 1.2 s all of them.",
    meaning: "An issuer that is ahead is refused right after the login (\"not yet valid\", nbf or iat), and a second try a \
              moment later works. A verifier that is ahead of the issuer ends every \
              token's life that much early (exp): by an hour where the issuer is an hour behind, and then a token that lives \
              no longer is refused at once, as expired. A clock that is read by \
              time(), as C and PHP programs and nginx do, lags by up to 10 ms more: such a verifier can refuse a token of its \
              own host.",
    remedy: &[
        "Fix the clocks: `clockaudit scan INVENTORY --jwt issuer=GROUP,verifier=GROUP` names the pairs that refuse, how often, \
         those that end tokens early, by how much, and the leeway that would hide it.",
        "Then set a leeway of 5 s at every verifier, in its library's own words, as below. More than 30 s is never the answer: \
         it accepts what expired long ago.",
    ],
};

/// What to watch between scans.
pub const WATCH: &str = "At every verifier, now - iat of each token at its first use, before any leeway: alert when its p99 is \
                         below -2 s. Negative values are issuers ahead of this verifier.";

/// What cannot be measured from here.
pub const SERVERLESS: &str = "Serverless functions, edge workers and hosted identity providers are out of reach of SSH: no scan \
                              sees their clocks. What is to be watched works there all the same, and so does a leeway of 5 s; \
                              in between, a scan of the hosts that they exchange tokens with tells whose side is off.";

/// What holds for gateways whose boundaries are not in the table.
pub const GATEWAYS: &str = "APISIX's jwt-auth has lifetime_grace_period (0 by default), NGINX Plus auth_jwt_leeway (0 by \
                            default). A gateway in front checks first: its leeway counts, not only that of the service behind.";
