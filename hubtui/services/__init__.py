"""What an operator can know and do. Async, no Textual, no Rich; both front ends use only this."""
