"""Whether a book gives the bills that an old system sent, and which rule of that explains where it does not."""
