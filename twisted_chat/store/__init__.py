"""What lasts: the log of events, and what is known of the rooms."""
