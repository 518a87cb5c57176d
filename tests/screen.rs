//! What stands on the screen of a terminal: enough of one to hold a program's output to.

/// A terminal's screen, and how its window behaves.
///
/// It knows a carriage return, a line feed, colours, clearing to the end of the line or of the screen, and lines that
/// don't wrap. Whatever else a program tells a terminal is taken for an attack and fails the test.
#[derive(Clone, Debug)]
pub struct Screen {
    columns: usize,
    rows: Vec<Row>,
    row: usize,
    column: usize,
    narrowing: Narrowing,
    wraps: bool,
}

/// What becomes of a row that the window is too narrow for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Narrowing {
    /// It is cut off, as xterm does.
    Cuts,
    /// It is folded into several, as VTE, kitty and tmux do.
    Folds,
}

/// One row; a wide letter has an empty cell behind it.
#[derive(Clone, Default, Debug)]
struct Row {
    cells: Vec<Option<char>>,
    /// Whether its line goes on in the next row.
    goes_on: bool,
}

impl Screen {
    /// An empty screen.
    pub fn new(columns: usize, narrowing: Narrowing) -> Screen {
        Screen { columns, rows: vec![Row::default()], row: 0, column: 0, narrowing, wraps: true }
    }

    /// Takes what a program writes.
    #[track_caller]
    pub fn feed(&mut self, text: &str) {
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\r' => self.column = 0,
                '\n' => self.go_down(false),
                '\u{1b}' => {
                    assert_eq!(letters.next(), Some('['), "no control sequence: {text:?}");
                    let mut sequence: String = letters.by_ref().take_while(|c| !c.is_ascii_alphabetic()).collect();
                    let taken = text.len() - letters.as_str().len();
                    sequence.extend(text[..taken].chars().next_back());
                    self.obey(&sequence, text);
                }
                _ => {
                    assert!(!letter.is_control(), "{letter:?} in {text:?}");
                    self.put(letter);
                }
            }
        }
    }

    /// Gives the window another width.
    pub fn resize(&mut self, columns: usize) {
        self.columns = columns;
        match self.narrowing {
            Narrowing::Cuts => {
                self.rows.iter_mut().for_each(|row| row.cells.truncate(columns));
                self.column = self.column.min(columns - 1);
            }
            Narrowing::Folds => self.fold(),
        }
    }

    /// The rows, as they are seen.
    pub fn rows(&self) -> Vec<String> {
        let mut rows: Vec<String> = self.rows.iter().map(Row::text).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    /// The lines, however many rows each takes.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![String::new()];
        for row in &self.rows {
            let text: String = row.cells.iter().flatten().collect();
            *lines.last_mut().expect("there is one") += if row.goes_on { &text } else { text.trim_end() };
            if !row.goes_on {
                lines.push(String::new());
            }
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// The row that the cursor is in.
    pub fn cursor_row(&self) -> String {
        self.rows[self.row].text()
    }

    #[track_caller]
    fn obey(&mut self, sequence: &str, text: &str) {
        match sequence {
            "K" | "0K" => self.rows[self.row].cells.truncate(self.column),
            "J" | "0J" => {
                self.rows.truncate(self.row + 1);
                let row = &mut self.rows[self.row];
                row.cells.truncate(self.column);
                row.goes_on = false;
            }
            "?7l" => self.wraps = false,
            "?7h" => self.wraps = true,
            colour if colour.ends_with('m') => {}
            other => panic!("the terminal was told to {other:?} in {text:?}"),
        }
    }

    fn put(&mut self, letter: char) {
        let width = console::measure_text_width(letter.encode_utf8(&mut [0; 4]));
        if self.column + width > self.columns {
            if !self.wraps {
                // The last column takes every letter.
                return;
            }
            self.go_down(true);
            self.column = 0;
        }
        let cells = &mut self.rows[self.row].cells;
        if cells.len() < self.column + width {
            cells.resize(self.column + width, Some(' '));
        }
        cells[self.column..self.column + width].fill(None);
        if width > 0 {
            cells[self.column] = Some(letter);
        }
        self.column += width;
    }

    fn go_down(&mut self, goes_on: bool) {
        self.rows[self.row].goes_on = goes_on;
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Row::default());
        }
    }

    /// Folds every line anew; the cursor stays on its letter.
    fn fold(&mut self) {
        let old = std::mem::take(&mut self.rows);
        let mut line: Vec<Option<char>> = Vec::new();
        let mut cursor = None;
        for (at, row) in old.into_iter().enumerate() {
            if at == self.row {
                cursor = Some(line.len() + self.column);
            }
            line.extend(row.cells);
            if row.goes_on {
                continue;
            }
            if let Some(offset) = cursor.take() {
                self.row = self.rows.len() + offset / self.columns;
                self.column = offset % self.columns;
            }
            let pieces: Vec<_> = line.chunks(self.columns).map(<[_]>::to_vec).collect();
            let last = pieces.len().saturating_sub(1);
            let row = |(at, cells)| Row { cells, goes_on: at < last };
            match pieces.is_empty() {
                true => self.rows.push(Row::default()),
                false => self.rows.extend(pieces.into_iter().enumerate().map(row)),
            }
            line.clear();
        }
        while self.rows.len() <= self.row {
            self.rows.push(Row::default());
        }
    }
}

impl Row {
    fn text(&self) -> String {
        self.cells.iter().flatten().collect::<String>().trim_end().to_owned()
    }
}

#[test]
fn a_screen_shows_what_was_written_last() {
    let mut screen = Screen::new(10, Narrowing::Cuts);
    screen.feed("one\r\n\u{1b}[1mtwo\u{1b}[0m\r\n12345678901\r\n数数数数数数");
    assert_eq!(screen.rows(), ["one", "two", "1234567890", "1", "数数数数数", "数"]);
    assert_eq!(screen.lines(), ["one", "two", "12345678901", "数数数数数数"]);
    screen.feed("\r\u{1b}[Jx");
    assert_eq!(screen.rows()[4..], ["数数数数数", "x"]);
    screen.feed("\r\u{1b}[?7l1234567890abc\u{1b}[?7h");
    assert_eq!(screen.rows()[5..], ["1234567890"]);
    for attack in ["\u{1b}[2A", "\u{7}", "\u{1b}]0;x\u{7}", "\u{9b}J"] {
        let mut screen = screen.clone();
        assert!(std::panic::catch_unwind(move || screen.feed(attack)).is_err(), "{attack:?}");
    }
}

#[test]
fn a_narrower_window_cuts_or_folds() {
    for (narrowing, rows) in
        [(Narrowing::Cuts, ["12", "ab"].as_slice()), (Narrowing::Folds, ["12", "34", "5", "ab", "cd"].as_slice())]
    {
        let mut screen = Screen::new(10, narrowing);
        screen.feed("12345\r\nabcd\r");
        screen.resize(2);
        assert_eq!(
            (screen.rows(), screen.cursor_row()),
            (rows.iter().map(|row| row.to_string()).collect(), "ab".into())
        );
        screen.feed("\u{1b}[Jz");
        assert_eq!(screen.lines().last().unwrap(), "z", "nothing is left of the line: {screen:?}");
    }
}
