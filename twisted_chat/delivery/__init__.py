"""What goes out: gathering a turn, committing it, and writing to each session once."""
