"""One module a provider behind one small Protocol. Vendor errors become ours here."""
