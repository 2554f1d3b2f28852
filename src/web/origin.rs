//! The sender of a request: the household of its address, and what its browser says about
//! itself (`Host` and `Origin`).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};

use crate::peer::PeerName;
use crate::udp;

use super::problem::Problem;

/// The host of a URL, if we accept it. The owner of a name other than `localhost` could let
/// it point at us, so we accept no other name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Localhost,
    Ip(IpAddr),
}

/// A host and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Site {
    host: Host,
    port: u16,
}

impl Site {
    /// Reads `HOST` or `HOST:PORT`; `None` if the host is neither `localhost` nor an IP
    /// address.
    pub(super) fn parse(text: &str, default_port: u16) -> Option<Site> {
        let authority: Authority = text.parse().ok()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let host = match bare.parse() {
            Ok(ip) => Host::Ip(ip),
            Err(_) if bare.eq_ignore_ascii_case("localhost") => Host::Localhost,
            Err(_) => return None,
        };
        // An invalid port must not count as no port.
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None => default_port,
        };
        Some(Site { host, port })
    }

    /// Reads the `Origin` of a page that was loaded over plain HTTP.
    pub(super) fn of_origin(origin: &str) -> Option<Site> {
        Site::parse(origin.strip_prefix("http://")?, 80)
    }

    /// Whether this is the address, or another name for it: this machine has several names
    /// for itself.
    pub(super) fn is(&self, address: &SocketAddr) -> bool {
        // A listener for both kinds has addresses of version 4 within those of version 6.
        let own = address.ip().to_canonical();
        let is_host = match self.host {
            Host::Localhost => own.is_loopback(),
            Host::Ip(ip) => ip == own || (ip.is_loopback() && own.is_loopback()),
        };
        is_host && self.port == address.port()
    }
}

/// The default address of a peer's HTTP API: at the port after its own. `None` if there is
/// no such port.
pub(super) fn http_of(name: &PeerName) -> Option<SocketAddr> {
    let address = udp::address(name)?;
    Some(SocketAddr::new(address.ip(), address.port().checked_add(1)?))
}

/// The owner of an address: a household gets a whole /64 of IPv6.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
    }
}

/// Lets in a request that names this server by an address and not by a host name, and that
/// does not come from a page from elsewhere.
pub(super) fn check_own(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).filter(|host| Site::parse(host, 80).is_some());
    let Some(host) = host else {
        let detail = "the Host must be an IP address or localhost";
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", detail));
    };
    let is_own = |origin: &str| origin.strip_prefix("http://") == Some(host);
    if headers.contains_key(header::ORIGIN) && !text(header::ORIGIN).is_some_and(is_own) {
        let detail = "a page from elsewhere may not look here";
        return Err(Problem::new(StatusCode::FORBIDDEN, "origin", detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn hosts_are_addresses_or_localhost() {
        for host in ["127.0.0.1:7001", "localhost", "LOCALHOST:1", "[::1]:7001", "192.0.2.1"] {
            assert!(Site::parse(host, 80).is_some(), "{host}");
        }
        for host in ["evil.example", "evil.example:7001", "", ":7001", "localhost.evil.example"] {
            assert!(Site::parse(host, 80).is_none(), "{host}");
        }
        for host in ["user@localhost", "127.0.0.1:99999", "127.0.0.1:x", "127.0.0.1/path"] {
            assert!(Site::parse(host, 80).is_none(), "{host}");
        }
    }

    #[test]
    fn this_machine_has_several_names_and_a_port_must_fit() {
        let is = |origin, to| Site::of_origin(origin).is_some_and(|site| site.is(&address(to)));
        assert!(is("http://127.0.0.1:8001", "127.0.0.1:8001"));
        assert!(is("http://localhost:8001", "127.0.0.1:8001"));
        assert!(is("http://[::1]:8001", "127.0.0.1:8001"));
        assert!(is("http://192.0.2.1", "192.0.2.1:80"));
        assert!(is("http://192.0.2.1:7001", "[::ffff:192.0.2.1]:7001"));
        assert!(!is("http://localhost:8002", "127.0.0.1:8001"));
        assert!(!is("http://localhost:8001", "192.0.2.1:8001"));
        assert!(!is("https://127.0.0.1:8001", "127.0.0.1:8001"));
        assert!(!is("null", "127.0.0.1:8001"));
    }

    #[test]
    fn the_api_is_at_the_next_port() {
        let of = |name| http_of(&PeerName::new(name));
        assert_eq!(of("127.0.0.1:7000"), Some(address("127.0.0.1:7001")));
        assert_eq!(of("127.0.0.1:65535"), None);
        assert_eq!(of("alice"), None);
    }

    #[test]
    fn neighbours_in_a_64_of_ipv6_are_one() {
        let key = |text: &str| household(text.parse().expect("an address"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:0:0:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), IpAddr::from([192, 0, 2, 1]));
    }
}
