"""How anything is shown: the page, its words, figures, colours and citations."""
