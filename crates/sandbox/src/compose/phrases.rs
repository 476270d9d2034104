//! What people write. Each phrase carries a number, so that no two messages say the same by accident.

use super::Composer;

const PHRASES: [&str; 10] = [
    "Is the blue one back in stock?",
    "Où est ma commande ?",
    "¡Muchas gracias! 🙌",
    "Ist am Samstag geöffnet? Grüße",
    "受け取りました、ありがとう",
    "Спасибо, всё пришло",
    "Please call me at 10/11 <after> lunch & before 2 @ home",
    "\"Quoted\", \\backslashed\\ and\nbroken\tlines",
    "C:\\u0000 is six harmless characters",
    "👩‍👩‍👧‍👦 we are coming with the whole family",
];

impl Composer {
    pub(super) fn phrase(&mut self) -> String {
        let phrase = self.dice.pick(&PHRASES, PHRASES[0]);
        format!("{phrase} #{}", self.next_count())
    }
}
