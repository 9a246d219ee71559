"""What an operator can know and do. Async, without Textual and Rich; both front ends use only this."""
