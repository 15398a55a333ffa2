//! How a schedule comes to rest: the network is whole again, everybody comes back, and nothing is on its way.

use super::{Browser, PATIENCE, World};
use crate::plan::Act;

/// How often a person opens a tab anew that gave up.
const RELOADS: usize = 4;

impl World {
    pub(super) fn settle(&mut self) {
        self.tell(|| "-- everybody comes back".to_owned());
        self.heal_relay();
        for link in self.links.values_mut() {
            (link.damage, link.repeat) = (0, 0);
        }
        for number in 0..self.browsers.len() {
            self.browsers[number].parted = false;
            self.open(number);
            self.call(number, |machine, moment| {
                machine.act(Act::Share, 0, moment);
                machine.revive(moment);
                machine.online(moment);
            });
        }
        self.rest();
        // What others did may have put back into the queue what a kernel did that is dead since.
        for number in 0..self.browsers.len() {
            self.call(number, |machine, moment| machine.revive(moment));
        }
        let effects = self.relay.guests_return(self.now);
        self.route(effects);
        self.rest();
        for _ in 0..RELOADS {
            if !self.browsers.iter().any(Browser::is_refused) {
                break;
            }
            self.tell(|| "-- tabs that gave up are opened anew".to_owned());
            for number in 0..self.browsers.len() {
                self.open(number);
            }
            self.rest();
        }
    }

    /// Lets everything happen that is still to happen. Who waits for others asks again and again.
    fn rest(&mut self) {
        let until = self.now + PATIENCE;
        while self.next() {
            if self.now > until {
                if self.browsers.iter().any(Browser::is_left_out) {
                    return;
                }
                self.oracle.failures.push("it does not come to rest".to_owned());
                return;
            }
        }
    }
}
