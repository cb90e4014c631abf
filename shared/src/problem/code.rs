//! Every error there is. docs/ERRORS.md and `GET /errors/{Code}` are made from this table.

macro_rules! codes {
    ($( $name:ident $status:literal $title:literal, cause: $cause:literal, cure: $cure:literal
        $(, variables: $($variable:literal)+)?; )*) => {
        /// A stable CamelCase name with its status and what to do about it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $( #[doc = $cause] $name, )*
        }

        impl ErrorCode {
            /// All of them, in the order of docs/ERRORS.md.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// The stable name, `error` in the body.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => stringify!($name), )* }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $( Self::$name => $status, )* }
            }

            /// A short title that never changes (RFC 9457 §3.1.3).
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )* }
            }

            /// Why it happens.
            pub const fn cause(self) -> &'static str {
                match self { $( Self::$name => $cause, )* }
            }

            /// What to do about it.
            pub const fn cure(self) -> &'static str {
                match self { $( Self::$name => $cure, )* }
            }

            /// The variables that decide, where some do.
            pub const fn variables(self) -> &'static [&'static str] {
                match self { $( Self::$name => &[$($($variable),+)?], )* }
            }
        }
    };
}

codes! {
    BadRequest 400 "Bad request",
        cause: "The request cannot be read: broken JSON, a broken header, a path that is no path.",
        cure: "Send well-formed HTTP with a JSON body; `detail` says where reading stopped.";
    SignatureReplayed 401 "Signature replayed",
        cause: "A request signed by edge or origin arrived a second time; each signed change is good for once.",
        cure: "Send the change again through the side that signs, which signs it anew.";
    Unauthorized 401 "Unauthorized",
        cause: "There is no valid credential: none was sent, or it is malformed, expired, revoked or not ours.",
        cure: "Send `Authorization: Bearer` with a token of `POST /api/auth/login` that is not older than allowed.",
        variables: "JWT_EXPIRE_MINUTES";
    InvalidCredentials 401 "Invalid credentials",
        cause: "The name or the password is wrong, or the account is deactivated. Which of them is not told.",
        cure: "Try another password, or ask an admin.";
    Forbidden 403 "Forbidden",
        cause: "The credential is valid, but does not allow this.",
        cure: "Use the credential of an account with the role that the route needs.";
    OriginNotAllowed 403 "Origin not allowed",
        cause: "A browser asked, by a CORS preflight, for a site that is not on the list.",
        cure: "Add the site's exact origin (scheme, host and port).",
        variables: "FRONTEND_URL";
    ProductNotFound 404 "Product not found",
        cause: "There is no product with this id, or it is no longer active.",
        cure: "Take an id from `GET /api/products`.";
    PriceNotFound 404 "Price not found",
        cause: "The product exists, but no source has told a price and none is known from before.",
        cure: "Import or push a price for it, then ask again.";
    AccountNotFound 404 "Account not found",
        cause: "There is no account with this id.",
        cure: "Take an id from `GET /api/admin/users`.";
    HeldPriceNotFound 404 "Held price not found",
        cause: "No price waits for a second look under this id: it was decided, or the sources name another one.",
        cure: "Take an id from `GET /api/admin/prices/held`.";
    RouteNotFound 404 "Route not found",
        cause: "There is nothing at this path.",
        cure: "Check the path against the README's table of routes.";
    MethodNotAllowed 405 "Method not allowed",
        cause: "The path exists, but not for this method.",
        cure: "Use one of the methods in the `Allow` header.";
    RequestTimeout 408 "Request timeout",
        cause: "The body of the request did not arrive in time.",
        cure: "Send it again over a better connection, or send less.",
        variables: "ORIGIN_TIMEOUT_MS";
    Conflict 409 "Conflict",
        cause: "Something with this name is there already; `errors` names the field.",
        cure: "Choose another name, or use what is there.";
    ProductExists 409 "Product exists",
        cause: "There is a product of this id already, offered or not.",
        cure: "Choose another id, or change the product with `PATCH /api/products/{id}`.";
    PayloadTooLarge 413 "Payload too large",
        cause: "The body is longer than the limit, which `max_size_bytes` names.",
        cure: "Send less, or raise the limit.",
        variables: "MAX_REQUEST_SIZE";
    UnsupportedMediaType 415 "Unsupported media type",
        cause: "The body is not declared as JSON.",
        cure: "Send `Content-Type: application/json`.";
    RangeNotSatisfiable 416 "Range not satisfiable",
        cause: "The part that `Range` asks for lies behind the end of the body, whose length `Content-Range` tells.",
        cure: "Ask for a part within the body, or for all of it.";
    ValidationError 422 "Validation error",
        cause: "A field, parameter or path segment has a value that is not allowed.",
        cure: "`errors` names each field and its limit.";
    RateLimitExceeded 429 "Rate limit exceeded",
        cause: "The client has asked more often than it may in the last minute, hour or day.",
        cure: "Wait as long as `Retry-After` says: then the same request fits. `violated-policies` names the windows; without `Retry-After` the request costs more than any client may spend.",
        variables: "RATE_LIMIT_PER_MINUTE" "RATE_LIMIT_PER_HOUR" "RATE_LIMIT_PER_DAY" "RATE_LIMIT_TIERS"
            "RATE_LIMIT_COSTS" "RATE_LIMIT_WEBSOCKETS_PER_MINUTE";
    TooManyAttempts 429 "Too many attempts",
        cause: "Too many logins failed for this account or from this address.",
        cure: "Wait as long as `Retry-After` says; the right password does not shorten it.";
    InternalError 500 "Internal error",
        cause: "Something failed on our side. The answer tells nothing else, on purpose.",
        cure: "Give the operator the `correlation_id`: the log holds the cause under it.";
    OriginUnreachable 502 "Origin unreachable",
        cause: "The edge cannot connect to the origin, or the connection broke.",
        cure: "Try again after `Retry-After`; operators: is the origin up, and is its address right?",
        variables: "ORIGIN_URL";
    OriginFailed 502 "Origin failed",
        cause: "The origin has answered with an error to a request for the same a moment ago.",
        cure: "Try again after `Retry-After`; operators: the origin's log tells why.";
    LimiterUnavailable 503 "Rate limiter unavailable",
        cause: "The rate limiter does not answer. The edge lets nothing through that it could not count, and looks up and resets no client; a replica of the origin could tell no other that a client was reset.",
        cure: "Try again after `Retry-After`; operators: at the edge `local` or `open` would let requests through meanwhile, at the origin see in `GET /api/health/detailed` whether its Redis answers.",
        variables: "RATE_LIMIT_ON_FAILURE" "REDIS_RATE_LIMIT_URL";
    ConfigurationError 503 "Configuration error",
        cause: "The edge has faulty settings and answers nothing until they are mended.",
        cure: "Operators: the Worker's log lists every fault by variable name.";
    Overloaded 503 "Overloaded",
        cause: "More passwords wait to be checked than can be in time.",
        cure: "Try again after `Retry-After`.";
    HubUnavailable 503 "Hub unavailable",
        cause: "The edge's Hub, which knows what has been revoked and keeps the audit, did not answer in time.",
        cure: "Try again after `Retry-After`. Without it no admin credential is believed at the edge.";
    DatabaseUnavailable 503 "Database unavailable",
        cause: "The origin's database does not answer.",
        cure: "Try again after `Retry-After`; operators: see `GET /api/health/detailed`.",
        variables: "DATABASE_URL";
    NotCached 504 "Not cached",
        cause: "The request says `only-if-cached`, and nothing is stored that may answer it.",
        cure: "Ask without `only-if-cached`.";
    OriginTimeout 504 "Origin timeout",
        cause: "The origin did not answer in time.",
        cure: "Try again after `Retry-After`; operators: is the origin overloaded or stopped?",
        variables: "ORIGIN_TIMEOUT_MS";
}

impl ErrorCode {
    /// The code with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// `type` in the body: a relative reference that the origin answers.
    pub fn type_uri(self) -> String {
        format!("/errors/{}", self.name())
    }
}
