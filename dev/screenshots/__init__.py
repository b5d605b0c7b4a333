"""Pictures of what customers and operators see, taken anew, and the checks that go with them."""
