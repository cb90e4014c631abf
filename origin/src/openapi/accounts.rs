//! Accounts.

use super::{bodies, operation::Operation};

pub(super) fn operations() -> Vec<((&'static str, &'static str), Operation)> {
    vec![
        (
            ("POST", "/api/auth/register"),
            Operation::new("register", "Makes an account and logs it in")
                .body(bodies::registration())
                .answers(201, "AuthAnswer")
                .problem(409, "Name or mail address is taken."),
        ),
        (
            ("POST", "/api/auth/login"),
            Operation::new("login", "A token for name and password")
                .body(bodies::login())
                .answers(200, "AuthAnswer")
                .problem(401, "Name or password is wrong, or the account is deactivated.")
                .problem(429, "Too many logins failed."),
        ),
        (("GET", "/api/auth/me"), Operation::new("getMe", "The account that asks").answers(200, "Me")),
    ]
}
