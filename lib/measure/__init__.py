"""What networks get right, what attacks leave of it, and how sure that is."""
