//! Counts of inserted ranks, each insertion and each question in O(log n): a Fenwick tree.

/// How often each rank has been inserted.
pub(super) struct Fenwick {
    sums: Vec<u64>,
    total: u64,
}

impl Fenwick {
    /// Makes room for the ranks below `ranks`.
    pub(super) fn new(ranks: usize) -> Self {
        Self { sums: vec![0; ranks], total: 0 }
    }

    /// Inserts `rank` once; a rank without room is only counted in the total.
    pub(super) fn add(&mut self, rank: usize) {
        self.total += 1;
        let mut place = rank + 1;
        while let Some(sum) = self.sums.get_mut(place - 1) {
            *sum += 1;
            place += place & place.wrapping_neg();
        }
    }

    /// How many insertions there were.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// How many insertions there were of ranks below `rank`.
    pub(super) fn before(&self, rank: usize) -> u64 {
        let mut place = rank.min(self.sums.len());
        let mut count = 0;
        while place > 0 {
            count += self.sums.get(place - 1).copied().unwrap_or(0);
            place &= place - 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_lies_below() {
        let mut tree = Fenwick::new(5);
        for rank in [3, 0, 3, 4] {
            tree.add(rank);
        }
        assert_eq!(tree.total(), 4);
        assert_eq!([0, 1, 2, 3, 4, 5, 9].map(|rank| tree.before(rank)), [0, 1, 1, 1, 3, 4, 4]);
    }
}
