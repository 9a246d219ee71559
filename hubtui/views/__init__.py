"""What a pane shows: columns, cells, order, filters. No Textual, testable without a terminal."""
