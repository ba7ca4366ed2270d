"""How results are said: text for people, JSON for programs. Pure: results in, words out; prints nothing."""
