//! The table of all lints.

use super::Level;

/// One kind of thing that can be wrong; the name says the wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // Each has its texts in the table below.
pub enum Lint {
    ForeignGroup,
    ForeignOwner,
    SpreadingGroup,
    MissingSetgid,
    StraySetgid,
    MissingSticky,
    StraySticky,
    MissingPermission,
    ExcessPermission,
    SetuidFile,
    SetgidFile,
    SetuidDirectory,
    IneffectiveSetgid,
    WorldWritable,
    UnknownId,
    HardLinked,
    Conflict,
    ExpiredException,
}

impl Lint {
    /// Every lint, in the order of the reference.
    pub const ALL: [Lint; 18] = [
        Lint::ForeignGroup,
        Lint::ForeignOwner,
        Lint::SpreadingGroup,
        Lint::MissingSetgid,
        Lint::StraySetgid,
        Lint::MissingSticky,
        Lint::StraySticky,
        Lint::MissingPermission,
        Lint::ExcessPermission,
        Lint::SetuidFile,
        Lint::SetgidFile,
        Lint::SetuidDirectory,
        Lint::IneffectiveSetgid,
        Lint::WorldWritable,
        Lint::UnknownId,
        Lint::HardLinked,
        Lint::Conflict,
        Lint::ExpiredException,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        self.text().name
    }

    /// The lint of that name.
    pub fn from_name(name: &str) -> Option<Lint> {
        Lint::ALL.into_iter().find(|lint| lint.name() == name)
    }

    /// Its level where neither policy nor command line says otherwise.
    pub fn default_level(self) -> Level {
        self.text().level
    }

    /// What `sgidlint explain LINT` and the reference say of it.
    pub fn text(self) -> &'static Text {
        todo!()
    }
}

/// All that is to be said about a lint.
pub struct Text {
    /// Kebab-case; reads as "allow NAME".
    pub name: &'static str,
    /// Default level.
    pub level: Level,
    /// One sentence, lowercase start and no period.
    pub summary: &'static str,
    /// `safe`, `unsafe`, `none`, or a short phrase.
    pub fix: &'static str,
    /// Why it matters, how it comes about, how to mend it: paragraphs for a terminal.
    pub explanation: &'static str,
}
