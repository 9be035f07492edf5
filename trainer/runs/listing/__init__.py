"""What a list of runs shows, without opening a run or a history."""
