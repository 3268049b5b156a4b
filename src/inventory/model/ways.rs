//! Whether a way leads from one group down to another: looked for from both of them at once, so that the side with fewer
//! groups decides what it costs.

use indexmap::IndexSet;

use super::{Draft, Group, GroupId};

/// The searches of one inventory have taken more steps than they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exhausted;

/// The groups that are reached from one, in one direction.
struct Walk {
    seen: IndexSet<GroupId>,
    /// The place of the group whose ways are followed.
    at: usize,
    /// The place of the next of its ways.
    next: usize,
    ways: fn(&Group) -> &IndexSet<GroupId>,
}

/// What one step of a walk did.
enum Step {
    /// It followed a way to this group.
    Reached(GroupId),
    /// It went on to the ways of another group.
    Turned,
    /// No way is left.
    Ended,
}

impl Walk {
    fn new(from: GroupId, ways: fn(&Group) -> &IndexSet<GroupId>) -> Self {
        Self { seen: IndexSet::from([from]), at: 0, next: 0, ways }
    }

    fn step(&mut self, draft: &Draft) -> Step {
        let Some(group) = self.seen.get_index(self.at).and_then(|id| draft.group(*id)) else { return Step::Ended };
        if let Some(reached) = (self.ways)(group).get_index(self.next).copied() {
            self.next += 1;
            self.seen.insert(reached);
            return Step::Reached(reached);
        }
        (self.at, self.next) = (self.at + 1, 0);
        Step::Turned
    }
}

impl Draft {
    /// Whether `lower` is among the groups below `upper`, which is another one.
    pub(super) fn is_below(&mut self, upper: GroupId, lower: GroupId) -> Result<bool, Exhausted> {
        let mut down = Walk::new(upper, |group| &group.children);
        let mut up = Walk::new(lower, |group| &group.parents);
        loop {
            for is_upwards in [true, false] {
                self.searched += 1;
                if self.searched > self.room.search_steps {
                    return Err(Exhausted);
                }
                let (walk, other) = if is_upwards { (&mut up, &down) } else { (&mut down, &up) };
                match walk.step(self) {
                    Step::Reached(id) if other.seen.contains(&id) => return Ok(true),
                    Step::Reached(_) | Step::Turned => {}
                    Step::Ended => return Ok(false),
                }
            }
        }
    }
}
