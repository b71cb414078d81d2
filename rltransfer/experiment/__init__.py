"""The study itself: what is asked, and the loop that trains, evaluates and selects."""
