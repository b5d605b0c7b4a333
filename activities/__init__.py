"""What touches the world for a workflow: enrol, segment, render, deliver, close. Thin."""
