"""The console: Django's admin as our moderators and operators get it. The parts that every page of it stands on."""
