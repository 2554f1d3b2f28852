//! `cairn top`: a running network on the whole screen of a terminal, over its API.

mod api;
mod scene;
mod draw;

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use self::api::{Api, Order, Snapshot};
use self::scene::Scene;

/// How often to ask the network.
const EVERY: Duration = Duration::from_millis(500);

/// How often to look for keys.
const KEYS: Duration = Duration::from_millis(100);

/// Watch a running network on the whole terminal
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cairn top                                      the network of cairn up, on this machine
  cairn top --api http://127.0.0.1:8001

Keys: up and down choose a node, p pauses or resumes it, s splits the network in
halves, h heals it, q ends.")]
pub(crate) struct Args {
    /// The URL of the API of a node
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7001")]
    api: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let api = Api::new(&args.api);
    // Ask once before drawing the screen, so that a mistake is reported in a line.
    let first = api.look()?;
    let (orders, snapshots) = watch(api);
    let terminal = ratatui::try_init().context("cairn top needs a terminal")?;
    let shown = show(terminal, Scene::new(first), &orders, &snapshots);
    ratatui::restore();
    shown
}

/// Asks the network again and again, and gives it orders, in its own thread.
fn watch(api: Api) -> (Sender<Order>, Receiver<Result<Snapshot>>) {
    let (orders, inbox) = mpsc::channel::<Order>();
    let (found, snapshots) = mpsc::channel();
    thread::spawn(move || {
        loop {
            let asked = Instant::now();
            let looked = inbox.try_iter().try_for_each(|order| api.give(&order));
            if found.send(looked.and_then(|()| api.look())).is_err() {
                return;
            }
            thread::sleep(EVERY.saturating_sub(asked.elapsed()));
        }
    });
    (orders, snapshots)
}

fn show(
    mut terminal: DefaultTerminal,
    mut scene: Scene,
    orders: &Sender<Order>,
    snapshots: &Receiver<Result<Snapshot>>,
) -> Result<()> {
    loop {
        terminal.draw(|frame| draw::draw(frame, &scene))?;
        if event::poll(KEYS)?
            && let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
        {
            let is_ctrl_c =
                key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            match key.code {
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                _ if is_ctrl_c => return Ok(()),
                KeyCode::Up => scene.choose(-1),
                KeyCode::Down => scene.choose(1),
                // The thread lives as long as this does.
                KeyCode::Char('p') => drop(scene.pause().map(|order| orders.send(order))),
                KeyCode::Char('s') => drop(orders.send(Order::Split)),
                KeyCode::Char('h') => drop(orders.send(Order::Heal)),
                _ => {}
            }
        }
        snapshots.try_iter().for_each(|found| scene.take(found));
    }
}
