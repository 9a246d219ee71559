"""The drills, one file each; the incidents are those of operators.md §1."""
