//! Where the series of a metric lie.

use std::sync::OnceLock;

/// Rows of cells: a row for each value of the bounded label, made when that value first comes, and a cell in it for
/// each combination of the closed ones. Finding a cell is a load and an index.
pub(super) struct Table<C: 'static, const ROWS: usize> {
    rows: [OnceLock<Box<[C]>>; ROWS],
}

impl<C, const ROWS: usize> Table<C, ROWS> {
    pub(super) const fn new() -> Self {
        Self {
            rows: [const { OnceLock::new() }; ROWS],
        }
    }

    /// The cell at a place. All cells of a row appear at once, so that a rate over any of them has a beginning.
    pub(super) fn cell(
        &self,
        (row, column): (usize, usize),
        columns: usize,
        new: impl Fn() -> C,
    ) -> &C {
        let row = self.rows[row].get_or_init(|| (0..columns).map(|_| new()).collect());
        &row[column]
    }

    /// Every cell that there is, with its place.
    pub(super) fn cells(&self) -> impl Iterator<Item = ((usize, usize), &C)> {
        let rows = self.rows.iter().enumerate();
        rows.flat_map(|(row, cells)| {
            let cells = cells.get().into_iter().flatten().enumerate();
            cells.map(move |(column, cell)| ((row, column), cell))
        })
    }
}
