package watch

// A watched directory costs each write to a file in it the better part of a
// microsecond in the kernel, whoever listens: a writer that does nothing else
// loses more than a third of its rate. So a directory that tells of something in each of
// several rounds of the mute is no longer watched but looked at, about as often as
// a screen shows something new, until it has been quiet for a while.
const (
	roundsToBusy = 2  // rounds in a row in which a directory told of something
	mutesToLook  = 3  // mutes between two looks
	looksToQuiet = 9  // looks in a row that found nothing
	looksToTell  = 4  // looks between two wakes of those who want to hear of any file
	maxLookedAt  = 64 // subscriptions in a directory that may become busy: looking costs too
)

// activity is how busy a directory is. The zero activity is quiet.
type activity struct {
	round  int // the last round of the mute in which it told of something
	rounds int // in how many rounds in a row it has
	busy   bool
	looks  int // since it became busy
	quiet  int // looks in a row that found nothing
}

// note counts the round, and reports whether the directory has become busy.
func (a *activity) note(round int) bool {
	if a.round == round {
		return false
	}
	if a.round == round-1 {
		a.rounds++
	} else {
		a.rounds = 0
	}
	a.round = round
	return a.rounds >= roundsToBusy
}

func (w *Watcher) anyBusy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy > 0
}

// lookAtBusy looks at the paths in busy directories, and has the system watch
// those again that have become quiet.
func (w *Watcher) lookAtBusy() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for path, d := range w.directories {
		if !d.busy {
			continue
		}
		d.looks++
		d.quiet++
		if w.lookAt(d) {
			d.quiet = 0
		}
		if d.quiet >= looksToQuiet && w.directories[path] == d {
			w.busy--
			d.activity = activity{}
			w.watch(path, d)
			w.lookAt(d) // what came between the last look and the watch
		}
	}
}

// lookAt wakes those in the directory whose path has changed, and reports
// whether there are any. w.mu is held.
func (w *Watcher) lookAt(d *directory) (changed bool) {
	var concerned []*Subscription
	for name, here := range d.names {
		if name != "" {
			concerned = append(concerned, here...)
		}
	}
	for _, s := range concerned {
		if now := look(s.path); !now.equal(s.seen) {
			s.seen = now
			w.settle(s)
			s.wake()
			if now.log != nil {
				w.late[s] = 0
			}
			changed = true
		}
	}
	if d.looks%looksToTell == 0 {
		for _, s := range d.names[""] {
			s.wake()
		}
	}
	return changed
}

// makeBusy stops the system from watching the directory. w.mu is held.
func (w *Watcher) makeBusy(path string, d *directory) {
	n := 0
	for _, here := range d.names {
		n += len(here)
	}
	if d.watched && n <= maxLookedAt {
		w.unwatch(path, d)
		d.busy = true
		w.busy++
	}
}
