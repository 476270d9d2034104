//! Which updates come, and in which order.

use super::Scenario;
use crate::compose::{Composed, Composer, MessageKind, Story, field_names};
use crate::dice::Dice;

/// One thing that happens.
#[derive(Clone, Copy)]
enum Scene {
    Message(MessageKind),
    Story(Story),
    Field(&'static str),
}

pub(super) fn updates(
    scenario: &Scenario,
    composer: &mut Composer,
    order: &mut Dice,
) -> Vec<Composed> {
    let mut updates = Vec::new();
    let mut count = 0;
    // Every kind once, then what is usual.
    let mut scenes = every_kind();
    order.shuffle(&mut scenes);
    while count < scenario.updates {
        let scene = scenes.pop().unwrap_or_else(|| usual(order));
        for composed in play(scene, composer) {
            count += composed.updates();
            updates.push(composed);
        }
    }
    for _ in 0..scenario.double_taps {
        updates.extend(composer.double_tap());
    }
    for _ in 0..scenario.poison_items {
        let at = order.below(updates.len() + 1);
        updates.insert(at, composer.poison());
    }
    if scenario.disorder {
        order.shuffle(&mut updates);
    }
    updates
}

fn every_kind() -> Vec<Scene> {
    let messages = MessageKind::ALL.iter().copied().map(Scene::Message);
    let stories = Story::ALL.iter().copied().map(Scene::Story);
    messages
        .chain(stories)
        .chain(field_names().map(Scene::Field))
        .collect()
}

/// Statuses are most of the traffic of a business, texts most of the messages.
fn usual(order: &mut Dice) -> Scene {
    match order.below(100) {
        0..35 => Scene::Message(MessageKind::Text),
        35..60 => Scene::Message(order.pick(MessageKind::ALL, MessageKind::Text)),
        60..80 => Scene::Story(Story::Read),
        80..95 => Scene::Story(order.pick(Story::ALL, Story::Read)),
        _ => {
            let fields: Vec<&str> = field_names().collect();
            Scene::Field(order.pick(&fields, "security"))
        }
    }
}

fn play(scene: Scene, composer: &mut Composer) -> Vec<Composed> {
    match scene {
        Scene::Message(kind) => vec![composer.message(kind)],
        Scene::Story(story) => composer.story(story),
        Scene::Field(name) => composer.field(name).into_iter().collect(),
    }
}
