//! Columns that stand below each other.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Look, Tone, clean};

/// Between two columns.
const GAP: &str = "  ";

#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

/// A table; a row may have a line of its own below it.
#[derive(Debug)]
pub(crate) struct Table {
    /// Name, and whether it stands at the right, as figures do.
    columns: Vec<(&'static str, bool)>,
    rows: Vec<(Vec<Cell>, String)>,
}

impl Cell {
    /// Text as it is, cleaned of what a terminal would act on.
    pub(crate) fn new(text: &str) -> Self {
        Self::toned(Tone::Plain, text)
    }

    pub(crate) fn toned(tone: Tone, text: &str) -> Self {
        Self {
            text: clean(text).into_owned(),
            tone,
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl Table {
    /// Names of the columns; one with `>` before it stands at the right.
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        let column = |name: &&'static str| match name.strip_prefix('>') {
            Some(name) => (name, true),
            None => (*name, false),
        };
        Self {
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push((cells, String::new()));
    }

    /// A row and what is to be said below it.
    pub(crate) fn noted(&mut self, cells: Vec<Cell>, note: &str) {
        self.rows.push((cells, clean(note).into_owned()));
    }

    pub(crate) fn render(&self, look: &Look) -> String {
        let widths = self.widths();
        let mut text = String::new();
        let head: Vec<Cell> = self
            .columns
            .iter()
            .map(|(name, _)| Cell::toned(Tone::Bold, name))
            .collect();
        if head.iter().any(|cell| !cell.text.is_empty()) {
            text.push_str(&self.line(&head, &widths, look));
        }
        for (cells, note) in &self.rows {
            text.push_str(&self.line(cells, &widths, look));
            if !note.is_empty() {
                let note = cut(
                    note,
                    look.width
                        .map_or(usize::MAX, |width| width.saturating_sub(4)),
                );
                text.push_str(&format!("    {}\n", look.dim(&note)));
            }
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let of = |(at, (name, _)): (usize, &(&str, bool))| {
            let cells = self.rows.iter().filter_map(|(cells, _)| cells.get(at));
            cells
                .map(|cell| cell.text.width())
                .chain([name.width()])
                .max()
                .unwrap_or(0)
        };
        self.columns.iter().enumerate().map(of).collect()
    }

    fn line(&self, cells: &[Cell], widths: &[usize], look: &Look) -> String {
        let mut left = look.width.unwrap_or(usize::MAX);
        let mut line = String::new();
        let last = cells
            .iter()
            .rposition(|cell| !cell.text.is_empty())
            .unwrap_or(0);
        for (at, cell) in cells.iter().enumerate().take(last + 1) {
            let width = widths.get(at).copied().unwrap_or(0);
            let right = self.columns.get(at).is_some_and(|(_, right)| *right);
            let shown = cut(&cell.text, left);
            let space = " ".repeat(width.min(left).saturating_sub(shown.width()));
            let painted = look.paint.with(cell.tone, &shown);
            match (right, at == last) {
                (true, _) => line.push_str(&(space + &painted)),
                (false, true) => line.push_str(&painted),
                (false, false) => line.push_str(&(painted + &space)),
            }
            left = left.saturating_sub(width + GAP.len());
            if left == 0 {
                break;
            }
            if at < last {
                line.push_str(GAP);
            }
        }
        line.push('\n');
        line
    }
}

/// Text that is at most so wide; what is cut off leaves an ellipsis.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |letter: &char| {
        let wide = letter.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    let mut short: String = text.chars().take_while(fits).collect();
    if width > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::super::Paint;
    use super::*;

    fn look(width: Option<usize>) -> Look {
        Look {
            paint: Paint::PLAIN,
            width,
            now: 0,
        }
    }

    #[test]
    fn columns_are_aligned_by_what_letters_are_wide() {
        let mut table = Table::new(&["name", ">count", "why"]);
        table.noted(
            vec![Cell::new("山田"), Cell::new("7"), Cell::new("")],
            "a note",
        );
        table.row(vec![
            Cell::new("Ada Lovelace"),
            Cell::new("1,234"),
            Cell::new("x"),
        ]);
        insta::assert_snapshot!(table.render(&look(None)), @r"
        name          count  why
        山田              7
            a note
        Ada Lovelace  1,234  x
        ");
    }

    #[test]
    fn on_a_terminal_lines_end_at_its_edge() {
        let mut table = Table::new(&["a", "b"]);
        table.noted(
            vec![Cell::new("123456"), Cell::new("123456789")],
            "12345678901234",
        );
        for line in table.render(&look(Some(12))).lines() {
            assert!(line.width() <= 12, "{line}");
        }
        assert_eq!(cut("山田山田", 5), "山田…");
        assert_eq!(cut("abc", 0), "");
    }
}
