//! `--audience`: one address for a class's phones, and its QR code.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Context, Result, bail};
use cairn::network;
use cairn::web::{Audience, Pool};
use qrcode::render::unicode::Dense1x2;
use qrcode::{Color, QrCode};

pub(crate) use cairn::web::Stage;

use super::exit::Exit;

/// The default port of the audience's page.
const PORT: u16 = 8080;

/// The flag for an audience.
#[derive(clap::Args)]
pub(crate) struct AudienceFlag {
    /// Serve a page of all nodes at one more address, without controls, for phones
    /// [default: this machine's address, port 8080]
    #[arg(long, value_name = "IP:PORT", num_args = 0..=1, default_missing_value = "")]
    audience: Option<String>,
}

/// The listener, while the network runs.
pub(crate) struct Show {
    /// Held as long as the audience may look.
    _audience: Audience,
    url: String,
}

impl AudienceFlag {
    /// The stage for the nodes, if an audience is wanted.
    pub(crate) fn stage(&self) -> Option<Stage> {
        self.audience.as_ref().map(|_| Stage::default())
    }

    /// Opens the listener for the nodes of this stage.
    pub(crate) fn open(&self, pool: Option<&Pool>, stage: Option<&Stage>) -> Result<Option<Show>> {
        let (Some(text), Some(pool), Some(stage)) = (&self.audience, pool, stage) else {
            return Ok(None);
        };
        let address = match &text[..] {
            "" => SocketAddr::new(own_address()?, PORT),
            text => text.parse().map_err(|_| {
                Exit::usage(format!("--audience {text}: write IP:PORT, such as 192.168.1.10:8080"))
            })?,
        };
        let audience = Audience::open(address, pool.clone(), stage).with_context(|| {
            format!("cannot listen on {address}: give another address with --audience IP:PORT")
        })?;
        let mut shown = audience.address();
        if shown.ip().is_unspecified() {
            shown.set_ip(own_address()?);
        }
        Ok(Some(Show { url: format!("http://{shown}/"), _audience: audience }))
    }
}

impl Show {
    /// What the page shows about it.
    pub(crate) fn shown(&self) -> network::Audience {
        let code = QrCode::new(&self.url).ok().map(|code| rows(&code)).unwrap_or_default();
        network::Audience { url: self.url.clone(), code }
    }

    /// The text to print: the address, and on a terminal its QR code.
    pub(crate) fn text(&self, is_terminal: bool) -> String {
        let code = QrCode::new(&self.url).ok().filter(|_| is_terminal);
        let code = code.map(draw).unwrap_or_default();
        format!("AUDIENCE {}\n{code}", self.url)
    }
}

/// The rows of a code: `1` for dark.
fn rows(code: &QrCode) -> Vec<String> {
    let digit = |color: &Color| if *color == Color::Dark { '1' } else { '0' };
    code.to_colors().chunks(code.width()).map(|row| row.iter().map(digit).collect()).collect()
}

/// Draws a code in half blocks: white on black, whatever the terminal's colours are, so
/// that the light parts of the code are light on the screen.
fn draw(code: QrCode) -> String {
    let (ink, paper) = (Dense1x2::Light, Dense1x2::Dark);
    let drawn = code.render::<Dense1x2>().dark_color(ink).light_color(paper).build();
    drawn.lines().map(|line| format!("\x1b[97;40m{line}\x1b[0m\n")).collect()
}

/// This machine's address in its network: the one from which it would send to the world.
/// Nothing is sent to find out.
fn own_address() -> Result<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    // A documentation address, at which there is nobody (RFC 5737).
    let chosen = socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9));
    match chosen.and_then(|()| socket.local_addr()) {
        Ok(address) if !address.ip().is_unspecified() => Ok(address.ip()),
        _ => bail!("this machine has no address in a network: give one with --audience IP:PORT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_for_terminals_and_fits_into_80_columns() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let audience = Audience::open(any, Pool::of_process(1).expect("room"), &Stage::default());
        let url = "http://192.168.100.100:65535/".to_owned();
        let show = Show { _audience: audience.expect("the system has a free port"), url };
        let code = show.shown().code;
        assert!(code.len() > 20 && code.iter().all(|row| row.len() == code.len()), "{code:?}");
        assert!(code[0].starts_with("11111110"), "a corner has a square: {code:?}");
        assert_eq!(show.text(false), "AUDIENCE http://192.168.100.100:65535/\n");
        let text = show.text(true);
        assert!(text.lines().count() > 10 && text.lines().all(|line| line.chars().count() <= 80));
    }
}
