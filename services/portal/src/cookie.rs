//! The cookie that keeps a person logged in. Pure.

use std::time::Duration;

use evcharging_common::access::Purpose;

/// A page of the portal. Ports share their cookies, so each page has one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The driver's.
    Driver,
    /// The operator's.
    Operator,
}

impl Page {
    fn cookie_name(self) -> &'static str {
        match self {
            Self::Driver => "evcharging_driver",
            Self::Operator => "evcharging_operator",
        }
    }

    /// Whom `up` lets in here with the password that everybody knows.
    pub fn demo_user_id(self) -> &'static str {
        match self {
            Self::Driver => "driver1",
            Self::Operator => "operator",
        }
    }

    /// The session token in a `Cookie` header.
    pub fn token_in(self, header: &str) -> Option<&str> {
        header.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.cookie_name() && !value.is_empty()).then_some(value)
        })
    }

    /// What `Set-Cookie` says to keep a token. No script can read it, and no other site's page makes a browser send it.
    pub fn keep(self, token: &str, is_secure: bool) -> String {
        self.set_cookie(token, Purpose::Session.lifetime(), is_secure)
    }

    /// What `Set-Cookie` says to forget it.
    pub fn forget(self, is_secure: bool) -> String {
        self.set_cookie("", Duration::ZERO, is_secure)
    }

    fn set_cookie(self, value: &str, lifetime: Duration, is_secure: bool) -> String {
        let (name, seconds) = (self.cookie_name(), lifetime.as_secs());
        let secure = if is_secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_finds_its_own_cookie_among_others() {
        let header = "theme=dark; evcharging_operator=b.c.d;evcharging_driver=a.b.c";
        assert_eq!(Page::Driver.token_in(header), Some("a.b.c"));
        assert_eq!(Page::Operator.token_in(header), Some("b.c.d"));
        for none in ["", "evcharging_driver=", "xevcharging_driver=a", "evcharging_driver"] {
            assert_eq!(Page::Driver.token_in(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_kept_is_found_again_and_is_out_of_reach_for_scripts_and_other_sites() {
        let kept = Page::Driver.keep("a.b.c", true);
        assert_eq!(Page::Driver.token_in(kept.split(';').next().unwrap_or_default()), Some("a.b.c"));
        for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
            assert!(kept.contains(part), "{kept}");
        }
        assert!(!Page::Driver.keep("a", false).contains("Secure"));
        assert!(Page::Driver.forget(false).contains("Max-Age=0"));
    }
}
