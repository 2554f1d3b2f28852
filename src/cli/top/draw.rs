//! The drawing of the network.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Table};

use super::api::NodeSeen;
use super::scene::Scene;

/// Colours of nodes, in turn.
const COLOURS: [Color; 6] =
    [Color::Cyan, Color::Yellow, Color::Magenta, Color::Green, Color::Blue, Color::Red];

/// The fewest lines for the tree of the last blocks, with its border.
const TREE: u16 = 8;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame, scene: &Scene) {
    let rows = u16::try_from(scene.now.nodes.len()).unwrap_or(u16::MAX).saturating_add(3);
    let [head, nodes, tree, news, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Max(rows),
        Constraint::Min(TREE),
        Constraint::Min(5),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(heading(scene)).style(Modifier::BOLD), head);
    draw_nodes(frame, scene, nodes);
    draw_tree(frame, scene, tree);
    let room = usize::from(news.height.saturating_sub(2));
    let last = scene.news.iter().rev().take(room).rev().map(|line| Line::raw(line.as_str()));
    let last = Paragraph::new(last.collect::<Vec<_>>());
    frame.render_widget(last.block(Block::bordered().title("What happened")), news);
    let help = "up/down choose  p pause or resume  s split  h heal  q quit";
    frame.render_widget(Paragraph::new(help), keys);
}

fn heading(scene: &Scene) -> String {
    if let Some(trouble) = &scene.trouble {
        return trouble.clone();
    }
    let answers = || scene.now.nodes.iter().filter_map(|node| node.answer.as_ref());
    let Some(best) = answers().max_by_key(|answer| answer.status.height) else {
        return "no node answers".to_owned();
    };
    let agree = answers().filter(|answer| answer.status.tip == best.status.tip).count();
    format!("height {}, {agree} of {} agree", best.status.height, answers().count())
}

fn draw_nodes(frame: &mut Frame, scene: &Scene, area: Rect) {
    // Of many nodes, those around the chosen one are shown.
    let room = usize::from(area.height.saturating_sub(3)).max(1);
    let first = (scene.chosen + 1).saturating_sub(room);
    let rows = scene.now.nodes.iter().enumerate().skip(first).take(room);
    let rows = rows.map(|(index, node)| row(scene, index, node));
    let widths = [7, 8, 10, 11, 12, 8].map(Constraint::Length);
    let names = ["node", "height", "tip", "state", "tries/s", "refuses"];
    let table = Table::new(rows, widths).header(Row::new(names).style(Modifier::DIM));
    frame.render_widget(table.block(Block::bordered().title("Nodes")), area);
}

fn row<'a>(scene: &'a Scene, index: usize, node: &'a NodeSeen) -> Row<'a> {
    let style = match index == scene.chosen {
        true => Style::from(Modifier::REVERSED),
        false => Style::from(colour(index)),
    };
    let Some(answer) = &node.answer else {
        return Row::new([node.url.trim_start_matches("http://"), "gone"]).style(style);
    };
    let rate = scene.rates.get(&node.url).copied().unwrap_or(0);
    let state = if answer.status.paused { "paused" } else { &answer.status.state };
    Row::new([
        answer.info.port.to_string(),
        answer.status.height.to_string(),
        answer.status.tip.chars().take(8).collect(),
        state.to_owned(),
        rate.to_string(),
        answer.refused.to_string(),
    ])
    .style(style)
}

/// The last heights, a line each, the highest first: the chain's block, then others.
fn draw_tree(frame: &mut Frame, scene: &Scene, area: Rect) {
    let room = usize::from(area.height.saturating_sub(2));
    let mut heights: Vec<_> = scene.now.blocks.iter().map(|block| block.height).collect();
    heights.dedup();
    let lines = heights.iter().rev().take(room).map(|&height| {
        let mut spans = vec![Span::raw(format!("{height:>6} "))];
        for block in scene.now.blocks.iter().filter(|block| block.height == height) {
            let hash: String = block.hash.chars().take(8).collect();
            let place = scene.now.nodes.iter().position(|node| {
                node.answer.as_ref().is_some_and(|answer| answer.info.port == block.receiver)
            });
            let (mark, style) = match block.on_chain {
                true => ('■', Style::from(place.map_or(Color::Gray, colour))),
                false => ('□', Style::from(Modifier::DIM)),
            };
            spans.push(Span::styled(format!(" {mark} {hash} {:<6}", block.receiver), style));
        }
        spans.extend(standing(scene, height));
        Line::from(spans)
    });
    let tree = Paragraph::new(lines.collect::<Vec<_>>());
    frame.render_widget(tree.block(Block::bordered().title("Last blocks")), area);
}

/// The nodes whose tips are at this height, for each tip. A tip that is missing from the
/// tree, such as one on the other side of a split, is named.
fn standing(scene: &Scene, height: u64) -> Vec<Span<'static>> {
    let mut tips = BTreeMap::<&str, Vec<String>>::new();
    let answers = scene.now.nodes.iter().filter_map(|node| node.answer.as_ref());
    for answer in answers.filter(|answer| answer.status.height == height) {
        tips.entry(&answer.status.tip).or_default().push(answer.info.port.to_string());
    }
    let is_known = |tip: &str| scene.now.blocks.iter().any(|block| block.hash == tip);
    let span = |(tip, ports): (&str, Vec<String>)| {
        let ports = ports.join(" ");
        let other: String = tip.chars().take(8).collect();
        let text =
            if is_known(tip) { format!(" <- {ports}") } else { format!(" ? {other} <- {ports}") };
        Span::raw(text)
    };
    tips.into_iter().map(span).collect()
}

fn colour(index: usize) -> Color {
    COLOURS[index % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::network;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn drawn(scene: &Scene, columns: u16, lines: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, lines)).expect("memory");
        terminal.draw(|frame| draw(frame, scene)).expect("memory");
        terminal.backend().to_string()
    }

    #[test]
    fn at_80_columns_and_24_lines_all_parts_are_there() {
        let mut scene = Scene::new(network(&[7000, 8000, 9000], 4, 0, 0));
        scene.news.push_back("7000 found block 4".to_owned());
        let text = drawn(&scene, 80, 24);
        for part in ["height 4, 3 of 3 agree", "tries/s", " 9000 ", "■ 00000000 7000", "q quit"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(text.contains("7000 found block 4") && text.contains("<- 7000 8000 9000"));
    }

    #[test]
    fn a_tip_that_the_tree_does_not_have_is_named_beside_its_height() {
        let mut scene = Scene::new(network(&[7000, 8000], 4, 0, 0));
        let away = scene.now.nodes[1].answer.as_mut().expect("it answers");
        away.status.tip = "abcdef0123".to_owned();
        let text = drawn(&scene, 80, 24);
        assert!(text.contains("<- 7000 ? abcdef01 <- 8000"), "{text}");
    }

    #[test]
    fn fifty_nine_nodes_and_any_size_are_drawn_with_the_chosen_node() {
        let ports: Vec<_> = (7..66).map(|thousand| thousand * 1000).collect();
        let mut scene = Scene::new(network(&ports, 4, 0, 0));
        scene.choose(58);
        assert!(drawn(&scene, 80, 24).contains("65000"), "{}", drawn(&scene, 80, 24));
        for (columns, lines) in [(1, 1), (20, 5), (200, 60)] {
            drawn(&scene, columns, lines);
        }
    }
}
