//! What happens where the system gives no memory: an error and exit status 3, where Rust would abort.
//!
//! A limited address space (`ulimit -v`, a container's limit without swap) answers mmap(2) with ENOMEM. What was changed by
//! then is on record, as after a kill.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, but that the process ends in words where there is no memory.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// All that can be said without memory.
const MESSAGE: &[u8] = b"sgidlint: error: the system gives no more memory (ENOMEM), so the run ends here, incomplete; \
    allow more (ulimit -v, the container's limit), or limit the run to PATHs\n";

/// The exit status of what is incomplete.
const INCOMPLETE: libc::c_int = 3;

// SAFETY: every call goes to the system's allocator as it came, and what it gives goes back unless it is null.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        given(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; the memory came from the system's allocator.
        given(unsafe { System.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn given(memory: *mut u8) -> *mut u8 {
    if memory.is_null() {
        end();
    }
    memory
}

#[cold]
fn end() -> ! {
    // A thread that hangs keeps the process from being over; telling takes no memory.
    super::supervise::tell(INCOMPLETE as u8);
    // SAFETY: write(2) reads what the length says; _exit(2) runs nothing of this program, which may not allocate.
    unsafe {
        libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len());
        libc::_exit(INCOMPLETE)
    }
}
