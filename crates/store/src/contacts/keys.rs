//! What a batch says about people, as groups of keys that belong together.

use std::collections::HashMap;

use crate::Person;
use crate::sql::At;

/// Kinds of identifier. The order is that in which rows are locked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Bsuid,
    ParentBsuid,
    Phone,
    Username,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Bsuid => "bsuid",
            Self::ParentBsuid => "parent_bsuid",
            Self::Phone => "phone",
            Self::Username => "username",
        }
    }
}

/// One identifier within one account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key<'a> {
    pub(crate) scope: &'a str,
    pub(crate) kind: Kind,
    pub(crate) value: &'a str,
}

/// One place in the batch that speaks of a person.
#[derive(Clone, Copy)]
pub(crate) struct Mention<'a> {
    /// The account.
    pub(crate) scope: &'a str,
    /// What it says.
    pub(crate) person: Person<'a>,
    /// When it was so.
    pub(crate) at: At,
    /// Whether a person unknown so far becomes a contact by this.
    pub(crate) creates: bool,
    /// The name is that of the business's own address book.
    pub(crate) book: bool,
}

impl<'a> Mention<'a> {
    /// Says nothing of anybody, but has the account locked.
    pub(crate) fn lock_only(scope: &'a str, at: At) -> Self {
        Self {
            scope,
            person: Person::default(),
            at,
            creates: false,
            book: false,
        }
    }

    /// The keys that identify by themselves.
    pub(crate) fn strong(&self) -> impl Iterator<Item = Key<'a>> + use<'a> {
        let scope = self.scope;
        let phone = self.person.phone.map(|value| (Kind::Phone, value));
        let bsuid = self.person.bsuid.map(|value| (Kind::Bsuid, value));
        [phone, bsuid]
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_empty())
            .map(move |(kind, value)| Key { scope, kind, value })
    }

    /// The keys that move from one to another.
    pub(crate) fn weak(&self) -> impl Iterator<Item = Key<'a>> + use<'a> {
        let scope = self.scope;
        let parent = self
            .person
            .parent_bsuid
            .map(|value| (Kind::ParentBsuid, value));
        let username = self.person.username.map(|value| (Kind::Username, value));
        [parent, username]
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_empty())
            .map(move |(kind, value)| Key { scope, kind, value })
    }
}

/// All that the batch says of one person.
#[derive(Default)]
pub(crate) struct Group<'a> {
    /// Indexes of its strong keys.
    pub(crate) strong: Vec<usize>,
    /// Newest of each weak kind.
    pub(crate) weak: Vec<(usize, At)>,
    pub(crate) creates: bool,
    /// Newest profile name.
    pub(crate) name: Option<(&'a str, At)>,
    /// Newest name in the address book.
    pub(crate) book_name: Option<(&'a str, At)>,
}

/// The batch, as keys and groups.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    /// Every key once, with the newest time it is mentioned for.
    pub(crate) keys: Vec<(Key<'a>, At)>,
    pub(crate) groups: Vec<Group<'a>>,
    /// For each mention its group, or the weak key that is all it has.
    pub(crate) of_mention: Vec<Belongs>,
}

/// Where a mention belongs.
#[derive(Clone, Copy)]
pub(crate) enum Belongs {
    Group(usize),
    /// Known by a weak key alone: whoever holds it, if anybody.
    Key(usize),
    Nobody,
}

impl<'a> Keys<'a> {
    pub(crate) fn of(mentions: &[Mention<'a>]) -> Self {
        let mut all = Self::default();
        let mut index = HashMap::with_capacity(mentions.len() * 2);
        let mut parents: Vec<usize> = Vec::with_capacity(mentions.len() * 2);
        let mut first_key = Vec::with_capacity(mentions.len());
        for mention in mentions {
            let mut first: Option<usize> = None;
            for key in mention.strong() {
                let at = all.index_of(&mut index, &mut parents, key, mention.at);
                match first {
                    None => first = Some(at),
                    Some(first) => union(&mut parents, first, at),
                }
            }
            first_key.push(first);
        }
        let mut group_of_root = HashMap::new();
        for (mention, first) in mentions.iter().zip(first_key) {
            let weak = mention
                .weak()
                .map(|key| all.index_of(&mut index, &mut parents, key, mention.at))
                .collect::<Vec<_>>();
            let Some(first) = first else {
                let belongs = weak
                    .first()
                    .map_or(Belongs::Nobody, |key| Belongs::Key(*key));
                all.of_mention.push(belongs);
                continue;
            };
            let root = find(&mut parents, first);
            let number = *group_of_root.entry(root).or_insert_with(|| {
                all.groups.push(Group::default());
                all.groups.len() - 1
            });
            all.of_mention.push(Belongs::Group(number));
            let Self { keys, groups, .. } = &mut all;
            groups[number].add(mention, &weak, keys);
        }
        for key in 0..all.keys.len() {
            let root = find(&mut parents, key);
            // A weak key is a root of its own and belongs to no group this way.
            if let Some(number) = group_of_root.get(&root) {
                all.groups[*number].strong.push(key);
            }
        }
        all
    }

    fn index_of(
        &mut self,
        index: &mut HashMap<Key<'a>, usize>,
        parents: &mut Vec<usize>,
        key: Key<'a>,
        at: At,
    ) -> usize {
        let number = *index.entry(key).or_insert_with(|| {
            self.keys.push((key, at));
            parents.push(parents.len());
            parents.len() - 1
        });
        let newest = &mut self.keys[number].1;
        *newest = at.max(*newest);
        number
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, mention: &Mention<'a>, weak: &[usize], keys: &[(Key<'a>, At)]) {
        self.creates |= mention.creates;
        for key in weak {
            let kind = keys[*key].0.kind;
            match self.weak.iter_mut().find(|(k, _)| keys[*k].0.kind == kind) {
                None => self.weak.push((*key, mention.at)),
                Some(newest) if newest.1 <= mention.at => *newest = (*key, mention.at),
                Some(_) => {}
            }
        }
        let name = if mention.book {
            &mut self.book_name
        } else {
            &mut self.name
        };
        if let Some(new) = mention.person.name.filter(|name| !name.is_empty())
            && name.is_none_or(|(_, at)| at <= mention.at)
        {
            *name = Some((new, mention.at));
        }
    }
}

fn find(parents: &mut [usize], mut node: usize) -> usize {
    while parents[node] != node {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    node
}

fn union(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(parents, a), find(parents, b));
    parents[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn mention<'a>(phone: Option<&'a str>, bsuid: Option<&'a str>) -> Mention<'a> {
        Mention {
            scope: "W",
            person: Person {
                phone,
                bsuid,
                username: Some("u"),
                ..Person::default()
            },
            at: At(UNIX_EPOCH),
            creates: true,
            book: false,
        }
    }

    #[test]
    fn what_meets_in_one_mention_is_one_person_in_all() {
        let mentions = [
            mention(Some("1"), None),
            mention(None, Some("A")),
            mention(Some("1"), Some("A")),
            mention(Some("2"), None),
            mention(None, None),
        ];
        let keys = Keys::of(&mentions);
        assert_eq!(keys.groups.len(), 2);
        assert_eq!(keys.groups[0].strong.len(), 2);
        assert_eq!(keys.groups[1].strong.len(), 1);
        // The username they share joins nobody.
        assert_eq!(keys.groups[0].weak.len(), 1);
        assert!(matches!(keys.of_mention[4], Belongs::Key(_)));
    }
}
